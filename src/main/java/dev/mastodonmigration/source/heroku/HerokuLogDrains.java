package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.outside.Findings;
import java.util.List;

/** Looks where an app that leaves Heroku sends its log: nothing of the target sends its own there, and nobody but the admin can say what should. */
final class HerokuLogDrains {
    private final HerokuApi heroku;
    private final String name;

    HerokuLogDrains(HerokuApi heroku, String name) {
        this.heroku = heroku;
        this.name = name;
    }

    /** Only notes: what cannot be asked holds nothing up. */
    Findings look() {
        try {
            var drains = heroku.logDrains(name);
            return new Findings(List.of(), drains.isEmpty() ? List.of() : List.of("Heroku app " + name + " sends its log to " + String.join(", ", drains)
                    + " (`heroku drains -a " + name + "` lists them). That ends with its dynos: have what collects your cluster's or your machines' logs send those of Mastodon there."));
        } catch (HerokuException unknown) {
            return new Findings(List.of(), List.of("The operator could not find out of Heroku app " + name + " where it sends its log. Look yourself, with `heroku drains -a " + name + "`. " + unknown.getMessage()));
        }
    }
}
