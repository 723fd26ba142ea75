package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

    /** Which Redis hold such keys: jobs are where Sidekiq has them, and nowhere else. */
    public List<RedisSide> from(Direction direction, WorkerContext context) {
        return of(direction.from(context));
    }

    /** Which Redis such keys are written to. */
    public List<RedisSide> to(Direction direction, WorkerContext context) {
        return of(direction.to(context));
    }

    private List<RedisSide> of(List<RedisSide> all) {
        return this == JOBS ? List.of(all.getLast()) : all;
    }
}
