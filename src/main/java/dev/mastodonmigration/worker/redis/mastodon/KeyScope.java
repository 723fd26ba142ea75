package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import redis.clients.jedis.Jedis;

/** Which of the source's keys move. Those about Sidekiq's running processes, and our own, never do. */
public enum KeyScope {
    /** Every key. */
    ALL {
        @Override
        public boolean contains(RedisKey key) {
            return true;
        }

        @Override
        long total(Jedis jedis) {
            return jedis.dbSize();
        }
    },

    /**
     * What nothing can make again: Sidekiq's queues, schedule, retries and dead jobs, and with them the digests of unique jobs, which would suppress jobs
     * that are not there (Sidekiq 8: lib/sidekiq/api.rb; sidekiq-unique-jobs: lib/sidekiq_unique_jobs/key.rb).
     */
    JOBS {
        private static final Set<RedisKey> SETS = Set.of(RedisKey.of("queues"), RedisKey.of("schedule"), RedisKey.of("retry"), RedisKey.of("dead"));
        private static final List<byte[]> BEGINNINGS = List.of("queue:".getBytes(StandardCharsets.US_ASCII), "uniquejobs:".getBytes(StandardCharsets.US_ASCII));

        @Override
        public boolean contains(RedisKey key) {
            return SETS.contains(key) || BEGINNINGS.stream().anyMatch(key::startsWith);
        }

        /** Known only once all names were seen. */
        @Override
        long total(Jedis jedis) {
            return 0;
        }
    };

    /** As the operator told the worker; {@link #ALL} where it did not. */
    public static KeyScope of(Map<String, String> environment) {
        return Optional.ofNullable(environment.get(WorkerContext.ENV_REDIS_SCOPE)).map(KeyScope::valueOf).orElse(ALL);
    }

    public abstract boolean contains(RedisKey key);

    /** Which Redis hold such keys: jobs are where Sidekiq has them, and nowhere else. */
    public List<RedisSide> from(Direction direction, WorkerContext context) {
        var all = direction.from(context);
        return this == JOBS ? List.of(all.getLast()) : all;
    }

    /** How many keys there are to move, for progress; 0 where that is not known before. */
    abstract long total(Jedis jedis);
}
