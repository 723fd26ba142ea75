package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.List;

/** What a partition does next with some of its keys. */
sealed interface PartitionTask {
    List<RedisKey> keys();

    /** Keys that a scan of this Redis showed. */
    record Copy(RedisSide from, List<RedisKey> keys) implements PartitionTask {}

    /** Read from whichever Redis has the key by then. */
    sealed interface OfAny extends PartitionTask {}

    record Apply(List<RedisKey> keys) implements OfAny {}

    record ProveScanned(List<RedisKey> keys) implements OfAny {}

    record Prove(List<RedisKey> keys) implements OfAny {}
}
