package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.JobsAside;
import dev.mastodonmigration.worker.redis.mastodon.KeyNames;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.mastodon.SourceConflicts;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Lets {@link Direction#BACK} write to the Redis that the instance came from, once they are proved equal to the target, while nobody writes to either. Until then
 * their marker says that all that is there is somebody else's, so no worker removes or overwrites a key. Jobs are set aside first, because that is where the way
 * back holds them. Run again after a crash, it ends in the same state; {@link OldRedis#giveBack} undoes it.
 */
public final class AdoptRedis implements WorkerTask {
    private static final String NO_WAY_BACK = " So there is no way back to it.";

    private final KeyScope scope;

    public AdoptRedis() {
        this(KeyScope.ALL);
    }

    /** @param scope which keys moved, and are to come back */
    public AdoptRedis(KeyScope scope) {
        this.scope = scope;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        demandCopied(context);
        try {
            return adopt(context);
        } catch (Refusal refused) {
            for (var side : scope.to(Direction.BACK, context)) {
                try (var jedis = side.open(context)) {
                    MarkedTarget.of(side, jedis, context).takeOff(EnumSet.of(Marker.State.CLAIMED));
                }
            }
            throw refused;
        }
    }

    private WorkerReport adopt(WorkerContext context) throws Exception {
        var ends = Ends.adopted(context, scope);
        if (ends.to().values().stream().allMatch(marker -> marker.state() != Marker.State.CLAIMED)) {
            return WorkerReport.succeeded("The Redis that the instance came from are adopted already.", Map.of());
        }
        var left = JobsAside.setAll(context);
        if (left.isPresent()) {
            throw new Refusal(left.get() + NO_WAY_BACK);
        }
        var progress = new ScanProgress(context.progress());
        try (var session = Session.atRest(ends, scope, Partition.Differing.RECORDED, progress)) {
            var scan = new FullScan(session, new Heartbeat(session), progress);
            // Cache may be lost at any time, and the target's web processes write some as soon as a robot finds them.
            scan.compare("comparing", key -> !KeyNames.isCache(key));
            scan.await(Backlog::isNone);
            // A Sidekiq that was killed leaves keys about itself behind, which did not go along.
            scan.recordStrays(key -> session.keys().contains(key) && !KeyNames.isCache(key));
            scan.await(Backlog::isNone);
            var found = session.partitions().found();
            if (found.count() > 0) {
                throw new Refusal(found.count() + " keys differ between the target Redis and the Redis that the instance came from: " + found + "." + NO_WAY_BACK + " No key was overwritten or removed there.");
            }
            var inBoth = inBoth(session);
            if (inBoth.isPresent()) {
                throw new Refusal(inBoth.get() + NO_WAY_BACK);
            }
            session.markLoaded();
            var keys = session.count();
            return WorkerReport.succeeded("The Redis that the instance came from are equal to the target, and may be kept so.", Map.of(Figure.KEYS, keys, Figure.DIFFERENCES, 0L), List.of());
        }
    }

    /** Of two, one would be brought back, and the other would stay as it is. */
    private static Optional<String> inBoth(Session session) {
        var old = session.targets().stream().map(target -> new RedisSources.One(target.side(), target.jedis())).toList();
        return old.size() < 2 ? Optional.empty() : SourceConflicts.onTheWayBack(old.getFirst(), old.getLast(), name -> comesBack(session, name));
    }

    private static boolean comesBack(Session session, RedisKey name) {
        return session.ends().direction().keyNamed(name).filter(key -> session.keys().contains(key) && !KeyNames.isCache(key)).isPresent();
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
