package dev.mastodonmigration.target;

import dev.mastodonmigration.cost.Payable;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.InAccount;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Optional;

/** A database server of the target, Postgres or Redis. Every method returns at once, may be called again at any time, and may throw {@link dev.mastodonmigration.outside.OutsideException}. */
public interface TargetDatabase extends Payable, InAccount {
    /** What is wrong with its part of the spec beyond the schema, a sentence each that names the field. */
    List<String> violations();

    /** Reads and tries what creating it will need; changes nothing. */
    Findings preflight();

    /** Creates it, or finds what an earlier call created: one look, and at most one change. */
    Provisioned ensure();

    /** The same, while something else is waited for: what was ready a moment ago need not be looked at again, where a look costs many calls. */
    default Provisioned ensureNowAndThen() {
        return ensure();
    }

    /**
     * What {@link #ensure} will create.
     *
     * @param major   version of the server
     * @param storage empty where nothing but AWS knows how much it has
     */
    record Planned(int major, Optional<Storage> storage) {}

    /** @param field of the spec that says how many bytes */
    record Storage(long bytes, String field) {}

    /** Empty where it is somebody else's choice. */
    default Optional<Planned> planned() {
        return Optional.empty();
    }

    /**
     * With user and password: what workers and Mastodon connect to. Read it at each use, because credentials rotate.
     *
     * @throws dev.mastodonmigration.outside.NotCreatedException while {@link #ensure} has not brought it about, and once {@link #release} has begun
     */
    String url();

    /** Certificates in PEM form that its own is signed with; empty where the system's do. */
    Optional<String> ca();

    /**
     * What lets workers and Mastodon reach it over the network, and what the admin can change about that: for the message of one that cannot. Empty where it is
     * somebody else's server, of whose network nothing is known.
     */
    default Optional<String> reach() {
        return Optional.empty();
    }

    /** Takes back what it was given to be followed by, when nothing follows it any more: one look, and at most one change. */
    default Provisioned endFollowing() {
        return new Provisioned.Ready("");
    }

    /** Removes what {@link #ensure} created, and only that; {@link Provisioned.Left} where something of it stays for good. */
    Provisioned release();
}
