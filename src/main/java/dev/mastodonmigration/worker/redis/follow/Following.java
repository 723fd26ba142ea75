package dev.mastodonmigration.worker.redis.follow;

import java.util.Optional;

/** How the changes of a source are followed, the best first; where a server refuses one, the next stands in. */
public enum Following {
    /** Tells every change, and a flush; a broken connection is the only way to miss one. */
    CLIENT_TRACKING("CLIENT TRACKING"),
    /**
     * Fire and forget, silent about FLUSHDB, and only of the events that the server's settings name: so they hint at what to read again, and all keys are
     * compared once more when the source is closed.
     */
    KEYSPACE_NOTIFICATIONS("keyspace notifications");

    private final String words;

    Following(String words) {
        this.words = words;
    }

    /** Whether what was told is all that changed. */
    public boolean tellsAll() {
        return this == CLIENT_TRACKING;
    }

    /** What stands in where this is refused; repeated scans when nothing does. */
    public Optional<Following> next() {
        return this == CLIENT_TRACKING ? Optional.of(KEYSPACE_NOTIFICATIONS) : Optional.empty();
    }

    @Override
    public String toString() {
        return words;
    }
}
