package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.List;

/** What a lane does next with some of its keys. */
sealed interface LaneTask {
    List<RedisKey> keys();

    /** Keys that a scan of this Redis showed. */
    record Copy(RedisSide source, List<RedisKey> keys) implements LaneTask {}

    /** Read from whichever Redis of the source has the key by then. */
    sealed interface OfAny extends LaneTask {}

    record Apply(List<RedisKey> keys) implements OfAny {}

    record ProveScanned(List<RedisKey> keys) implements OfAny {}

    record Prove(List<RedisKey> keys) implements OfAny {}
}
