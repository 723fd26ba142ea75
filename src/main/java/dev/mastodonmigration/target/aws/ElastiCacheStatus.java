package dev.mastodonmigration.target.aws;

import java.util.Map;

/**
 * What the status of a replication group, or of one of its nodes, means for us. ElastiCache's model names them in its documentation alone, and more may come, so an
 * unknown word means that we wait and say which it is.
 */
enum ElastiCacheStatus {
    /** Serves, and can be changed: in every other status even its tags cannot be read. */
    READY,
    /** Changes by itself. */
    BUSY,
    /** Does not come back. */
    DEAD,
    /** Is being deleted. */
    GOING,
    UNKNOWN;

    private static final Map<String, ElastiCacheStatus> WORDS = Map.of("available", READY, "creating", BUSY, "modifying", BUSY, "snapshotting", BUSY, "rebooting cluster nodes", BUSY,
            "create-failed", DEAD, "incompatible-network", DEAD, "restore-failed", DEAD, "deleting", GOING, "deleted", GOING);

    static ElastiCacheStatus of(String word) {
        return WORDS.getOrDefault(word, UNKNOWN);
    }
}
