package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.JobsAside;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.value.Marker;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Lets {@link Direction#BACK} write to the Redis that the instance came from, once they are proved equal to the target, while nobody writes to either. Until then
 * their marker says that all that is there is somebody else's, so no worker removes or overwrites a key. Jobs are set aside first, because that is where the way
 * back holds them. Run again after a crash, it ends in the same state.
 */
public final class AdoptRedis implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        demandCopied(context);
        var ends = Ends.adopted(context, Direction.BACK);
        if (ends.to().values().stream().allMatch(marker -> marker.state() != Marker.State.CLAIMED)) {
            return WorkerReport.succeeded("The Redis that the instance came from are adopted already.", Map.of());
        }
        var left = JobsAside.setAll(context);
        if (left.isPresent()) {
            throw new Refusal(left.get() + " So there is no way back to it.");
        }
        var progress = new ScanProgress(context.progress());
        try (var session = Session.atRest(ends, KeyScope.ALL, Partition.Differing.RECORDED, progress)) {
            var scan = new FullScan(session, new Heartbeat(session), progress);
            scan.compareAll("comparing");
            scan.await(PartitionQueue.Backlog::isNone);
            // A Sidekiq that was killed leaves keys about itself behind, which did not go along.
            scan.recordStrays(session.keys()::contains);
            scan.await(PartitionQueue.Backlog::isNone);
            var found = session.partitions().found();
            if (found.count() > 0) {
                ends.removeMarkers();
                throw new Refusal(found.count() + " keys differ between the target Redis and the Redis that the instance came from: " + found + ". So there is no way back to it. No key was overwritten or removed there.");
            }
            ends.markLoaded();
            var keys = session.count();
            return WorkerReport.succeeded("The Redis that the instance came from are equal to the target, and may be kept so.", Map.of(Figure.KEYS, keys, Figure.DIFFERENCES, 0L), List.of());
        }
    }

    /** Else what it would be kept equal to might be anything. */
    private static void demandCopied(WorkerContext context) throws Refusal, IOException {
        for (var side : Direction.BACK.from(context)) {
            try (var jedis = side.open(context)) {
                var target = MarkedTarget.of(side, jedis, context);
                if (target.ownMarker().filter(marker -> marker.state() == Marker.State.LOADED || marker.state() == Marker.State.OPENED).isEmpty()) {
                    throw new Refusal(target + " has not been copied to its end by this migration, so nothing can be brought back from it.");
                }
            }
        }
    }
}
