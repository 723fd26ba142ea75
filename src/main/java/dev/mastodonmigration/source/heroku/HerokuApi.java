package dev.mastodonmigration.source.heroku;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a migration needs of Heroku, in our words. Every method may throw {@link HerokuException}; writes read first and
 * change nothing that already is as wanted, because Heroku knows no idempotency keys.
 */
public interface HerokuApi {
    /** An app; {@code maintenance} stops HTTP only, dynos run on. */
    record App(String name, boolean maintenance) {}

    /** One line of an app's formation: how many dynos of this type Heroku keeps running. */
    record ProcessType(String type, int quantity, String size) {}

    /** One dyno that exists now, one-off and Scheduler dynos included; {@code state} is crashed, down, idle, starting or up. */
    record Dyno(String name, String type, String state, String command) {}

    App app(String app);

    void setMaintenance(String app, boolean on);

    /** The current config vars. Read them at each use: Heroku rotates credentials. */
    Map<String, String> configVars(String app);

    List<ProcessType> formation(String app);

    /**
     * Scales the named process types in one batch and leaves the others as they are.
     *
     * @throws HerokuException of kind REJECTED, with nothing scaled, when the app has no such process type (a type that
     *     should have no dynos need not exist)
     */
    void scale(String app, Map<String, Integer> quantityByType);

    /** Every dyno that exists; one that was told to stop stays in the list until it is gone. */
    List<Dyno> dynos(String app);

    /** Stops a dyno of the formation, which Heroku then starts anew; one that is gone meanwhile needs no restart. */
    void restart(String app, String dyno);

    /** The version of the newest release, which each change of config vars raises; empty for an app never released. */
    Optional<Integer> latestReleaseVersion(String app);
}
