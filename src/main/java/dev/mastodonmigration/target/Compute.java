package dev.mastodonmigration.target;

import dev.mastodonmigration.cost.Payable;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.mastodon.Building;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.InAccount;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.probe.Endpoint;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** Where the instance's web, streaming and Sidekiq will run. Every method returns at once, may be called again at any time, and may throw {@link dev.mastodonmigration.outside.OutsideException}. */
public interface Compute extends Payable, InAccount {
    /** What is wrong with its part of the spec beyond the schema, a sentence each that names the field. */
    List<String> violations();

    /** Reads and tries what running the instance here will need; changes nothing. */
    Findings preflight();

    /**
     * Brings web, streaming and Sidekiq to what the spec and the environment say; Sidekiq stays stopped until {@link #startSidekiq}. Where they run on what is created elsewhere, each call is one
     * look and at most one change. Ready means that what they run on stands as it should, not yet that they serve: that is {@link #ready}.
     */
    Provisioned ensure(SortedMap<String, String> environment);

    /** How many processes of the present image and configuration serve, and what keeps the others from it. */
    Readiness ready();

    /** Names the image and configuration that {@link #ensure} brought about last; changes with either. Empty before the first. */
    String revision();

    /** One look at the smoke test of the present {@link #revision}; begins it unless it was begun. Read-only on every database. */
    SmokeTest smokeTest();

    /** Removes what is left of smoke tests. */
    void removeSmokeTest();

    /** Whether any Sidekiq runs here, or is about to: somebody else may have started one. */
    boolean runsSidekiq();

    /** Starts every Sidekiq. The caller has proved that none runs on the source any more. */
    void startSidekiq();

    /**
     * Gives those Sidekiq processes more pods whose part of the spec says so, and leaves alone what somebody scaled by hand. The caller knows that the target takes writes.
     *
     * @return names of those that have more now; empty where none is to
     */
    default List<String> burstSidekiq() {
        return List.of();
    }

    /** Gives those their usual number again that {@link #burstSidekiq} gave more. @return names of those that somebody scaled by hand since, which are left as they are */
    default List<String> calmSidekiq() {
        return List.of();
    }

    /** Where users' requests are to be sent, for messages, as "what stands in front of Service example-social-web:3000". */
    Entrances entrances();

    /** Where the operator reaches web and streaming themselves, past whatever the admin has in front; empty before that is there. */
    Optional<Endpoint> endpoint();

    /** @param web for web, @param streaming for streaming */
    record Entrances(String web, String streaming) {}

    /** Where the world reaches what {@link #ensure} has put in front of it; empty before that is there, and where the admin sees to it. */
    default Optional<FrontAddress> front() {
        return Optional.empty();
    }

    /**
     * Has what the spec wants run by the clock be run from now on, as the spec says now; answers its names. The caller knows that the target takes writes: until then none of it exists.
     *
     * @throws dev.mastodonmigration.outside.OutsideException naming what stands there already and is not ours
     */
    default List<String> ensureCronJobs() {
        return List.of();
    }

    /** Removes what {@link #ensure} made, and only that. Ready once nothing of it is left, {@link Provisioned.Left} where something of it stays for good. */
    Provisioned remove();

    /**
     * Fails when what {@link #startFeeds} needs stands there already and is not ours: asked while nothing is frozen yet.
     *
     * @throws dev.mastodonmigration.outside.OutsideException naming it
     */
    void refuseForeignFeeds();

    /** Has Mastodon build its home and list feeds from the database, unless that was begun before. */
    void startFeeds();

    Building feeds();

    /** What builds them, as kubectl wants it. */
    String feedsJob();

    /** Removes what built them once it has ended well. */
    void removeFeeds();

    /**
     * Has Mastodon fill its search index from the database where the spec wants that and its environment has one, unless that is there already. The caller knows that the target takes writes.
     *
     * @throws dev.mastodonmigration.outside.OutsideException naming what stands there already and is not ours
     */
    default void startSearch() {}

    /** {@link Building#GONE} also where none was begun. */
    default Building search() {
        return Building.GONE;
    }

    /** What fills it, as kubectl wants it. */
    default String searchJob() {
        return "";
    }

    /** Removes what filled it once it has ended well. */
    default void removeSearch() {}
}
