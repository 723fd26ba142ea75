package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.util.Map;
import java.util.Optional;
import redis.clients.jedis.Jedis;

/** Which of the source's keys move. Those about Sidekiq's running processes, and our own, never do. */
public enum KeyScope {
    ALL,
    /** What nothing can make again. */
    JOBS;

    /** As the operator told the worker; {@link #ALL} where it did not. */
    public static KeyScope of(Map<String, String> environment) {
        return Optional.ofNullable(environment.get(WorkerContext.ENV_REDIS_SCOPE)).map(KeyScope::valueOf).orElse(ALL);
    }

    public boolean contains(RedisKey key) {
        return this == ALL || KeyNames.isJobs(key);
    }

    /** How many keys there are to move, for progress; 0 for jobs, which are known only once all names were seen. */
    long total(Jedis jedis) {
        return this == ALL ? jedis.dbSize() : 0;
    }
}
