package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;

/** Opens the target Redis for users, with the jobs that came late. On standby it only reads the marker: raising its epoch would fence off the workers that still copy. */
public final class OpenRedis implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Refusal, IOException {
        var late = LateJobs.carryOver(context);
        var opened = RedisTarget.open(context);
        return WorkerReport.succeeded(opened.message(), opened.figures(), late);
    }

    @Override
    public void standBy(WorkerContext context) throws Refusal, IOException {
        try (var target = RedisSide.TARGET.open(context)) {
            Marker.read(target);
        }
    }
}
