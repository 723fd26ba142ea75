package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/** Tells what of the environment will look different on the target, so that nothing is left behind in silence. */
final class CarryingNotes {
    private CarryingNotes() {}

    static List<String> of(AppConfig web, AppConfig streaming, MastodonMigrationSpec spec) {
        return Stream.of(
                streamingUrl(web, streaming, spec),
                search(web, spec),
                names(streaming, (name, value) -> differs(name, value, web)).map(names -> streaming.app() + ": " + names + " differ from " + web.app()
                        + " or exist only here. The target's one environment is made from the web app's; set there what streaming needs."),
                names(web, (name, value) -> VariableFate.of(name, value) == VariableFate.POINTS_TO_SOURCE).map(names -> web.app() + ": " + names
                        + " hold URLs of databases on the old side and do not go along."),
                web.value("TRUSTED_PROXY_IP").map(proxies -> web.app() + ": TRUSTED_PROXY_IP goes along, with the private networks added, where the target's proxy is."))
                .flatMap(Optional::stream).toList();
    }

    private static Optional<String> search(AppConfig web, MastodonMigrationSpec spec) {
        var kubernetes = Optional.ofNullable(spec.target().compute().kubernetes());
        var isWanted = kubernetes.map(MastodonMigrationSpec.Kubernetes::searchDeploy).filter(Boolean.TRUE::equals).isPresent();
        var isThere = MastodonProcesses.searches(web.config());
        if (isWanted == isThere) {
            return Optional.empty();
        }
        return Optional.of(isWanted ? web.app() + ": ES_ENABLED is not true, so that target.compute.kubernetes.searchDeploy: true does nothing."
                : web.app() + ": ES_ENABLED is true, and the search index does not move. One that the target reaches as the source did needs nothing; a new one has to be filled once the target takes writes: "
                + (kubernetes.isPresent() ? "set target.compute.kubernetes.searchDeploy: true." : "run tootctl search deploy."));
    }

    private static boolean differs(String name, String value, AppConfig web) {
        var carriedFromHere = VariableFate.isStreamingOnly(name) && !web.config().containsKey(name);
        return !InstanceFindings.IDENTITY.contains(name) && !carriedFromHere && VariableFate.of(name, value) == VariableFate.CARRIED && !value.equals(web.config().get(name));
    }

    private static Optional<String> names(AppConfig app, BiPredicate<String, String> wanted) {
        return new TreeMap<>(app.config()).entrySet().stream().filter(entry -> wanted.test(entry.getKey(), entry.getValue()))
                .map(Map.Entry::getKey).reduce((first, second) -> first + ", " + second);
    }

    /** With an edge, a name of herokuapp.com is a blocker. */
    private static Optional<String> streamingUrl(AppConfig web, AppConfig streaming, MastodonMigrationSpec spec) {
        var target = Optional.ofNullable(spec.instance().streamingDomain()).orElse(SpecDefaults.webDomain(spec));
        return InstanceFindings.streamingHost(web).filter(host -> !host.equalsIgnoreCase(target)).filter(host -> spec.edge() == null || !InstanceFindings.isHerokus(host))
                .map(host -> web.app() + ": STREAMING_API_BASE_URL is on " + host + ", the target's will be on " + target + ". Clients keep the old one until they reload"
                        + (InstanceFindings.isHerokus(host)
                                ? ", and no DNS change can move a name of herokuapp.com. Before the cutover, add a domain of yours to " + streaming.app()
                                        + ", and set STREAMING_API_BASE_URL to it" + (spec.instance().streamingDomain() == null ? "; then create the migration anew with it in spec.instance.streamingDomain." : ".")
                                : "."));
    }
}
