package dev.mastodonmigration.worker.redis.sync;

/**
 * What is left to do of a partition's queue, or of all.
 *
 * @param changes      keys that changed and are not yet on the target
 * @param oldestNanos  age of the oldest of them, 0 when there is none; large keys that rest or are on their way do not count
 * @param batches      batches of a scan
 * @param proofs       keys whose proof is due
 */
record Backlog(long changes, long oldestNanos, long batches, long proofs) {
    static final Backlog NONE = new Backlog(0, 0, 0, 0);

    boolean isNone() {
        return changes + batches + proofs == 0;
    }

    Backlog and(Backlog other) {
        return new Backlog(changes + other.changes, Math.max(oldestNanos, other.oldestNanos), batches + other.batches, proofs + other.proofs);
    }
}
