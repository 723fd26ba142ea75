package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.Jedis;

/**
 * Asks whether Sidekiq does its jobs where it has them since the target took over: on the target, or on the source's Redis where that stays. Only reads. The notes of its report are what is wrong, one
 * each, and without any all is well. A job that is done counts at the next heartbeat, so that it looks again for as long as that takes while something is wrong.
 */
public final class SidekiqAtWork implements WorkerTask {
    /** Heartbeats are 10 s apart, and each counts what was done since the last (Sidekiq 8: lib/sidekiq/launcher.rb, BEAT_PAUSE, flush_stats). */
    private static final Duration HEARTBEAT = Duration.ofSeconds(12);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
    private final Duration patience;

    public SidekiqAtWork() {
        this(HEARTBEAT);
    }

    SidekiqAtWork(Duration patience) {
        this.patience = patience;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var side = context.has(RedisSide.TARGET.file()) ? RedisSide.TARGET : RedisSide.ofSidekiq(context);
        try (var redis = side.open(context)) {
            return look(redis, side.name(side.url(context)));
        }
    }

    private WorkerReport look(Jedis redis, String name) throws InterruptedException {
        var started = System.nanoTime();
        var before = SidekiqState.of(redis);
        var now = before;
        while (!now.faults(before, name, patience).isEmpty() && System.nanoTime() - started < patience.toNanos()) {
            TimeUnit.MILLISECONDS.sleep(BETWEEN_LOOKS.toMillis());
            now = SidekiqState.of(redis);
        }
        return WorkerReport.succeeded(now.words(before), Map.of(), now.faults(before, name, patience));
    }
}
