package dev.mastodonmigration.worker;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.WithdrawnOpening;
import dev.mastodonmigration.worker.redis.sync.OldRedis;
import dev.mastodonmigration.worker.redis.sync.RedisTarget;
import java.util.List;
import java.util.Map;

/**
 * Takes back the order to open the target, so that going back is safe although the order was given: raises the epoch of each of its markers, in the order in
 * which they are opened, and says whether one was open before. Once one is, nothing is raised any more: the opening goes on. Else the source's jobs, which were set
 * aside for it, get their names back. It opens nothing itself.
 */
final class WithdrawOpening implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        if (context.has(WorkerContext.TARGET_REDIS_URL) && RedisTarget.withdrawalCameTooLate(context)) {
            return opened("Redis");
        }
        if (context.has(WorkerContext.TARGET_POSTGRES_URL) && WithdrawnOpening.cameTooLate(context)) {
            return opened("database");
        }
        var notes = context.has(WorkerContext.TARGET_REDIS_URL) ? OldRedis.giveBack(context) : List.<String>of();
        return WorkerReport.succeeded("The target was not opened, and no worker that was told to open it before can do so any more.", Map.of(Figure.OPENED, 0L), notes);
    }

    private static WorkerReport opened(String what) {
        return WorkerReport.succeeded("The target " + what + " was already open for writing, so its opening could not be withdrawn.", Map.of(Figure.OPENED, 1L));
    }
}
