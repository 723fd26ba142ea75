package dev.mastodonmigration.target.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.edge.proxy.Routes;
import dev.mastodonmigration.outside.OutsideException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Where the source takes requests, by domain; what it said last is kept with what the edge's pods are told by.
 *
 * @param ask where it takes those for these domains; may throw {@link OutsideException}
 */
record SourceEntrances(MastodonMigration migration, EdgePods pods, Function<List<String>, Map<String, URI>> ask) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** @throws OutsideException where it cannot be asked, or takes none for one of them */
    Map<String, URI> now(List<String> domains) {
        return ask.apply(domains);
    }

    /** As the source says now, or where it cannot be asked, as it said last: what is deleted by hand is put back all the same. */
    List<Routes.Route> routes(Map<String, String> values) {
        var known = Optional.ofNullable(values.get(EdgeObjects.SOURCE));
        Map<String, URI> entrances;
        try {
            entrances = now(SpecDefaults.hosts(migration.getSpec()));
            var text = json(entrances);
            if (!known.equals(Optional.of(text))) {
                pods.note(EdgeObjects.SOURCE, text);
            }
        } catch (OutsideException unknown) {
            entrances = known.map(SourceEntrances::entrances).orElseThrow(() -> unknown);
        }
        return entrances.entrySet().stream().map(entrance -> new Routes.Route(entrance.getKey(), "/", entrance.getValue())).toList();
    }

    private static String json(Map<String, URI> entrances) {
        try {
            return JSON.writeValueAsString(new TreeMap<>(entrances));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("names and addresses are always JSON", e);
        }
    }

    private static Map<String, URI> entrances(String json) {
        try {
            return JSON.readValue(json, new TypeReference<TreeMap<String, URI>>() {});
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what we wrote down is not what we read", e);
        }
    }

    /** As the source said last. */
    Optional<URI> last(String domain) {
        return pods.values().map(values -> values.get(EdgeObjects.SOURCE)).map(known -> entrances(known).get(domain));
    }
}
