package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import java.util.Map;

/**
 * Makes the target equal to a source that nobody writes to any more: every key with its absolute expiry, and every key removed that the source lacks. Run again
 * after a crash, it ends in the same state.
 */
public final class RedisSnapshotCopy implements WorkerTask {
    private final Direction direction;
    private final KeyScope scope;

    public RedisSnapshotCopy() {
        this(KeyScope.ALL);
    }

    /** @param scope which keys the target is to have in the end, and no others */
    public RedisSnapshotCopy(KeyScope scope) {
        this(Direction.FORWARD, scope);
    }

    RedisSnapshotCopy(Direction direction, KeyScope scope) {
        this.direction = direction;
        this.scope = scope;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var ends = Ends.takenOver(context, direction, scope);
        var progress = new ScanProgress(context.progress());
        try (var session = Session.atRest(ends, scope, Partition.Differing.BROUGHT, progress)) {
            var conflict = session.sources().conflict(scope);
            if (conflict.isPresent()) {
                throw new Refusal(conflict.get());
            }
            var scan = new FullScan(session, new Heartbeat(session), progress);
            if (session.targetsWereEmpty()) {
                scan.copyAll();
            } else {
                scan.compareAll("comparing, and copying what differs");
            }
            scan.await(Backlog::isNone);
            var bytes = progress.bytes();
            var milliseconds = progress.milliseconds();
            scan.removeStrays(every -> true);
            scan.await(Backlog::isNone);
            session.markLoaded();
            var keys = session.count();
            return WorkerReport.succeeded("Copied " + keys + " keys to the " + ends.written() + ".", Map.of(Figure.KEYS, keys, Figure.BYTES, bytes, Figure.COPY_MILLISECONDS, milliseconds));
        }
    }
}
