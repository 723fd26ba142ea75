package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.source.heroku.HerokuApi.Domain;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Finds where Heroku's router takes requests for a domain: by the cname of the custom domain that serves it. */
final class HerokuEntrances {
    /** Heroku's own names of apps, which are no custom domains. */
    static final String HEROKUS = ".herokuapp.com";
    private static final String WILDCARD = "*.";

    private record Served(String app, Domain domain) {
        boolean isWildcard() {
            return domain.hostname().startsWith(WILDCARD);
        }
    }

    private final MastodonMigrationSpec spec;
    private final List<String> apps;
    private final List<Served> known;

    /** Asks for the domains of all apps, once. */
    HerokuEntrances(HerokuApi heroku, MastodonMigrationSpec spec) {
        this.spec = spec;
        this.apps = SpecDefaults.apps(spec);
        var domains = SideBySide.all(apps, heroku::domains);
        this.known = IntStream.range(0, apps.size()).boxed().flatMap(i -> custom(apps.get(i), domains.get(i))).toList();
    }

    private static Stream<Served> custom(String app, List<Domain> domains) {
        return domains.stream().filter(domain -> !isHerokus(domain.hostname())).map(domain -> new Served(app, domain));
    }

    private static boolean isHerokus(String hostname) {
        return hostname.toLowerCase(Locale.ROOT).endsWith(HEROKUS);
    }

    /**
     * The name by which Heroku takes its requests.
     *
     * @throws MissingInputException where no app has it
     * @throws OutsideException that may pass, while Heroku prepares it
     */
    String cname(String domain) {
        // Heroku's router takes the very domain before a wildcard, whichever app has which.
        var served = known.stream().filter(one -> serves(one.domain().hostname(), domain)).min(Comparator.comparing(Served::isWildcard)).orElseThrow(() -> missing(domain));
        return served.domain().cname().orElseThrow(() -> new OutsideException("Heroku is still preparing the custom domain " + served.domain().hostname() + " of " + served.app()
                + ", and has not said yet where it takes requests for it. The operator goes on by itself; `heroku domains -a " + served.app() + "` shows its DNS target once there is one.", true));
    }

    /** A wildcard stands for one label (devcenter.heroku.com/articles/custom-domains). */
    private static boolean serves(String hostname, String domain) {
        return hostname.equalsIgnoreCase(domain) || hostname.startsWith(WILDCARD) && domain.indexOf('.') > 0 && hostname.substring(1).equalsIgnoreCase(domain.substring(domain.indexOf('.')));
    }

    private MissingInputException missing(String domain) {
        if (isHerokus(domain)) {
            return new MissingInputException(domain + " is Heroku's own name of an app: no DNS record of yours can lead it to the edge. Have users come by a domain of yours before the migration, and create the migration anew with that.");
        }
        return new MissingInputException((apps.size() > 1 ? "Heroku apps " : "Heroku app ") + String.join(", ", apps) + (apps.size() > 1 ? " have" : " has") + " no custom domain " + domain
                + ", so Heroku takes no requests for it, and the edge could not pass any on. Add it to the app that serves it, and have users come by it before the migration:"
                + " `heroku domains:add " + domain + " -a " + (SpecDefaults.streamingDomain(spec).filter(domain::equals).isPresent() ? apps.getLast() : apps.getFirst()) + "`."
                + (domain.equals(spec.instance().localDomain()) && SpecDefaults.movesLocalDomain(spec) ? " Where somebody else serves it, remove spec.instance.moveLocalDomain." : ""));
    }
}
