package dev.mastodonmigration.source.heroku;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What a migration needs of Heroku, in our words. Every method may throw {@link HerokuException}; writes read first and
 * change nothing that already is as wanted, because Heroku knows no idempotency keys.
 */
public interface HerokuApi {
    int MOST_RELEASES = 30;

    /**
     * An app.
     *
     * @param maintenance stops HTTP only, dynos run on
     * @param generation  cedar or fir, which has no maintenance mode
     * @param space       the Private Space that it is in
     */
    record App(String id, String name, boolean maintenance, String generation, Optional<String> space) {}

    /** One line of an app's formation: how many dynos of this type Heroku keeps running. */
    record ProcessType(String type, int quantity, String size) {}

    /**
     * One dyno that exists now, one-off and Scheduler dynos included.
     *
     * @param state   crashed, down, idle, starting, up, or a word that Heroku adds later
     * @param release version of the one that it was started with
     */
    record Dyno(String name, String type, String state, String command, int release) {}

    /**
     * An add-on.
     *
     * @param name    its own, as postgresql-round-12345
     * @param service as heroku-postgresql
     * @param plan    as heroku-postgresql:standard-0
     * @param usd     a month; empty where it cannot be said beforehand
     * @param billing why it cannot, as "billed by use"; empty otherwise
     */
    record AddOn(String name, String service, String plan, Optional<BigDecimal> usd, String billing) {}

    /**
     * A domain of the app's own.
     *
     * @param hostname as www.example.social, or *.example.social
     * @param cname    where the router takes its requests; empty while Heroku prepares it
     */
    record Domain(String hostname, Optional<String> cname) {}

    /**
     * What attaches an add-on to an app, and gives the app its config var {@link #variable}: nobody can set that one as long as the attachment is there.
     *
     * @param addOnId   names the add-on in calls about it, which may be another app's
     * @param addOn     its name, as postgresql-round-12345
     * @param namespace as "connection-pooling:default" or "credential:reader"; empty for the add-on itself
     */
    record Attachment(String id, String name, String addOnId, String addOn, Optional<String> namespace) {
        String variable() {
            return name + "_URL";
        }
    }

    /**
     * One app's use of an add-on.
     *
     * @param name as DATABASE, of which Heroku makes the config var
     * @param owns the app is billed for the add-on
     */
    record User(String app, String name, Optional<String> namespace, boolean owns) {}

    /**
     * A release of an app, which each change of config vars or attachments makes.
     *
     * @param status pending while a process type "release" runs its command, succeeded, failed or expired: what has not succeeded is not what dynos start with
     * @param slug   the code that it runs, by id
     * @param current dynos start with it
     */
    record Release(int version, String description, String status, Optional<String> slug, boolean current) {
        static final String RETRY = "Retry of v";
        private static final List<String> OF_CONFIG = List.of("Set ", "Remove ", "Unset ", "Attach ", "Detach ", "Update ", "Add ");

        /** One of {@link #releaseAgain}. */
        boolean isRetry() {
            return description.startsWith(RETRY);
        }

        /** Made by a change of config vars or attachments, or by {@link #releaseAgain} after that; not of code, by a push, a promotion or a rollback. Heroku's words for it. */
        boolean isOfConfig() {
            return isRetry() || OF_CONFIG.stream().anyMatch(description::startsWith);
        }
    }

    App app(String app);

    void setMaintenance(String app, boolean on);

    /** Writes the maintenance mode that the app has: refused where the token may not change it, and nothing changes. */
    void tryMaintenance(App app);

    /** Writes the quantity that a process type has: refused where the token may not scale, and nothing changes. */
    void tryScaling(String app, ProcessType type);

    /** The current config vars. Read them at each use: Heroku rotates credentials. */
    Map<String, String> configVars(String app);

    /**
     * Sets config vars, and removes those whose value is empty: all of them or, where one cannot be set, none.
     *
     * @throws HerokuException of kind REJECTED when an attachment gives one of them
     */
    void setConfigVars(String app, Map<String, Optional<String>> changes);

    List<Attachment> attachments(String app);

    /** In Heroku's word, of which its schema lists provisioning, provisioned and deprovisioned. @param app for messages */
    String addOnState(String app, String addOnId);

    /** Every app that uses the add-on, once for each of its attachments. @param app for messages */
    List<User> users(String app, String addOnId);

    /**
     * Attaches an add-on under a name that is free; never takes over a name. Not asked twice when no answer comes: look first whether it was done.
     *
     * @throws HerokuException of kind REJECTED when the name is taken
     */
    void attach(String app, String addOnId, String name, Optional<String> namespace);

    /** Takes an attachment away, unless it is gone already; Heroku refuses that for an add-on's last one of the app that is billed for it. */
    void detach(String app, Attachment attachment);

    List<ProcessType> formation(String app);

    /**
     * Scales the named process types in one batch and leaves the others as they are.
     *
     * @param now the formation, as it was just read; nothing is written where it is that already
     * @throws HerokuException of kind PART_NOT_FOUND, with nothing scaled, when the app has no such process type (a type that
     *     should have no dynos need not exist)
     */
    void scale(String app, List<ProcessType> now, Map<String, Integer> quantityByType);

    /** Scales every process type to zero, in one batch. */
    void scaleToZero(String app);

    /** Every dyno that Heroku lists. One that was told to stop may be missing here before it is gone. */
    List<Dyno> dynos(String app);

    /** Stops a dyno of the formation, which Heroku then starts anew; one that is gone meanwhile needs no restart. */
    void restart(String app, String dyno);

    /** Sends SIGTERM to a one-off dyno, and SIGKILL 30 s later; does nothing where it is gone meanwhile. */
    void stop(String app, String dyno);

    /** The newest ones, at most {@link #MOST_RELEASES}, newest first; none for an app never released. */
    List<Release> releases(String app);

    /** Releases the code and config of one that failed once more, as {@code heroku releases:retry} does. Not asked twice when no answer comes. */
    void releaseAgain(String app, Release failed);

    /** The add-ons that the app owns, and so is billed for; those of other apps that it uses are not among them. */
    List<AddOn> addOns(String app);

    /** What a dyno costs a month in USD, by the name of its size, whose case differs from answer to answer; without sizes of which Heroku tells no price. */
    SortedMap<String, BigDecimal> dynoPrices(String app);

    /** Those that the app's users gave it, and Heroku's own. */
    List<Domain> domains(String app);

    /** Who gets the app's log: an add-on by its name, anybody else by the host alone, because such an address often has a password in it. */
    List<String> logDrains(String app);

    /** Whether Heroku itself scales its web dynos. */
    boolean isAutoscaled(App app);

    /** The GitHub repository whose pushes deploy the app by themselves; empty where none does. From an undocumented service. */
    Optional<String> autoDeploys(App app);
}
