package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import java.util.Map;

/**
 * Proves that the target equals the source, key by key, value and expiry, in both directions. Sidekiq's process keys must be
 * missing on the target: one there means that a Sidekiq already runs on it.
 */
public final class RedisVerify implements WorkerTask {
    private final Direction direction;
    private final KeyScope scope;

    public RedisVerify() {
        this(KeyScope.ALL);
    }

    /** @param scope which keys the target is to have, and no others */
    public RedisVerify(KeyScope scope) {
        this(Direction.FORWARD, scope);
    }

    /** Of every key, which way they were brought. */
    public RedisVerify(Direction direction) {
        this(direction, KeyScope.ALL);
    }

    private RedisVerify(Direction direction, KeyScope scope) {
        this.direction = direction;
        this.scope = scope;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var progress = new ScanProgress(context.progress());
        try (var session = Session.atRest(Ends.loaded(context, direction, scope), scope, Partition.Differing.RECORDED, progress)) {
            var scan = new FullScan(session, new Heartbeat(session), progress);
            scan.compareAll("verifying");
            scan.await(Backlog::isNone);
            var milliseconds = progress.milliseconds();
            scan.recordStrays(every -> true);
            scan.await(Backlog::isNone);
            session.partitions().found().demandNone();
            // Counted by the servers, which no key that SCAN shows twice can mislead. Of jobs, the source has others beside, and the target by now no others.
            var keys = scope == KeyScope.JOBS ? session.count() : session.sources().count(context);
            return WorkerReport.succeeded("Verified " + keys + " keys on both sides: no difference.",
                    Map.of(Figure.KEYS, keys, Figure.DIFFERENCES, 0L, Figure.VERIFY_MILLISECONDS, milliseconds));
        }
    }
}
