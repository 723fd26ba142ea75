package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.wire.OurKeys;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.List;
import java.util.Optional;

/** Which way keys go. Replication itself knows the servers that it reads and those that it writes; only this knows which of them are the old host's. */
public enum Direction {
    /** From the instance's Redis, one or two, to the new one. */
    FORWARD {
        @Override
        public List<RedisSide> from(WorkerContext context) {
            return RedisSide.sources(context);
        }

        @Override
        public List<RedisSide> to(WorkerContext context) {
            return List.of(RedisSide.TARGET);
        }

        @Override
        public RedisKey name(RedisKey key) {
            return key;
        }

        @Override
        public Optional<RedisKey> keyNamed(RedisKey name) {
            return OurKeys.contain(name) ? Optional.empty() : Optional.of(name);
        }
    },
    /**
     * From the new Redis to those that the instance came from. Jobs are held there under names that no Sidekiq looks at, as {@link JobsAside} does: a process of
     * the old host that wakes up finds none. A job that somebody pushed there under its own name is left alone.
     */
    BACK {
        @Override
        public List<RedisSide> from(WorkerContext context) {
            return List.of(RedisSide.TARGET);
        }

        @Override
        public List<RedisSide> to(WorkerContext context) {
            return RedisSide.sources(context);
        }

        @Override
        public RedisKey name(RedisKey key) {
            return KeyScope.JOBS.contains(key) ? JobsAside.of(key) : key;
        }

        @Override
        public Optional<RedisKey> keyNamed(RedisKey name) {
            var held = JobsAside.heldBy(name).filter(KeyScope.JOBS::contains);
            return held.isPresent() || OurKeys.contain(name) || KeyScope.JOBS.contains(name) ? held : Optional.of(name);
        }
    };

    /** The Redis that are read, where Sidekiq has its jobs last; asked anew, because the instance's configuration changes. */
    public abstract List<RedisSide> from(WorkerContext context);

    /** The Redis that are written, where Sidekiq is to find its jobs last. */
    public abstract List<RedisSide> to(WorkerContext context);

    /** The name that this key has where it is written. */
    public abstract RedisKey name(RedisKey key);

    /** The key that has this name where it is written; empty for a name that replication never touches. */
    public abstract Optional<RedisKey> keyNamed(RedisKey name);
}
