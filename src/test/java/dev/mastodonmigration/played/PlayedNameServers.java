package dev.mastodonmigration.played;

import dev.mastodonmigration.edge.NameServers;
import dev.mastodonmigration.outside.OutsideException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Two name servers of the zone example.social, which a test may have disagree, or fall silent. */
public final class PlayedNameServers implements NameServers {
    public static final String FIRST = "ns1.example.net";
    public static final String SECOND = "ns2.example.net";
    private final Map<String, Map<String, Answer>> records = new TreeMap<>(Map.of(FIRST, new TreeMap<>(), SECOND, new TreeMap<>()));
    public boolean silent;

    /** On both. @param domain without its last dot */
    public PlayedNameServers with(String domain, String type, String value, long ttlSeconds) {
        List.of(FIRST, SECOND).forEach(server -> at(server, domain, type, value, ttlSeconds));
        return this;
    }

    public void at(String server, String domain, String type, String value, long ttlSeconds) {
        records.get(server).put(domain + ".", new Answer(type, value, Duration.ofSeconds(ttlSeconds)));
    }

    @Override
    public List<Answer> ask(String server, Question question) {
        hear();
        var found = records.get(server).get(question.name());
        return found != null && (found.type().equals(question.type()) || found.type().equals("CNAME")) ? List.of(found) : List.of();
    }

    @Override
    public List<String> delegated(String zone) {
        hear();
        return zone.equals("example.social") ? List.of(FIRST, SECOND) : List.of();
    }

    private void hear() {
        if (silent) {
            throw new OutsideException("Nobody answers.", true);
        }
    }
}
