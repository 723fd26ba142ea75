package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.NamedKeys;
import dev.mastodonmigration.worker.redis.mastodon.SourceConflict;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What keeps two Redis from becoming one, while both are in use: known at every moment, because the lanes look where each key is whenever it changes. So
 * inside the freeze the names of all keys need not be read once more.
 */
final class SourceConflicts {
    private final Set<RedisKey> inBoth = ConcurrentHashMap.newKeySet();
    private final Set<RedisKey> oldJobs = ConcurrentHashMap.newKeySet();

    /** @param having which Redis of the source have the key now */
    void looked(RedisKey key, List<RedisSide> having) {
        if (having.size() > 1) {
            inBoth.add(key);
        } else {
            inBoth.remove(key);
        }
        if (having.contains(RedisSide.SOURCE) && KeyScope.JOBS.contains(key)) {
            oldJobs.add(key);
        } else {
            oldJobs.remove(key);
        }
    }

    /** @throws Refusal when there is any */
    void demandNone() throws Refusal {
        demandNone(SourceConflict.OLD_JOBS, oldJobs);
        demandNone(SourceConflict.IN_BOTH, inBoth);
    }

    private static void demandNone(SourceConflict conflict, Set<RedisKey> keys) throws Refusal {
        var named = new NamedKeys();
        named.add(keys);
        if (named.count() > 0) {
            throw new Refusal(conflict.of(named) + " The target was not opened.");
        }
    }
}
