package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.Map;
import java.util.function.Predicate;
import redis.clients.jedis.Jedis;

/**
 * Proves that the target equals the source, key by key, value and expiry, in both directions. Sidekiq's process keys must be
 * missing on the target: one there means that a Sidekiq already runs on it.
 */
public final class RedisVerify implements WorkerTask {
    private final KeyScope scope;

    public RedisVerify() {
        this(KeyScope.ALL);
    }

    /** @param scope which keys the target is to have, and no others */
    public RedisVerify(KeyScope scope) {
        this.scope = scope;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var sources = RedisSources.open(context, scope); var target = RedisSide.TARGET.open(context)) {
            new MarkedTarget(target, context, RedisSide.TARGET.name(RedisSide.TARGET.url(context))).loaded();
            var found = new Difference.Found();
            var milliseconds = compareAll(context, sources, target, scope, found);
            if (found.count() > 0) {
                throw new Refusal("Redis verification found " + found.count() + " keys that differ between source and target: " + found
                        + ". The target was not opened. Check that nothing else writes to either Redis, and start the migration again.");
            }
            // Of jobs, the source has others beside, and the target by now no others.
            var keys = scope == KeyScope.ALL ? sources.count() : target.dbSize() - 1;
            return WorkerReport.succeeded("Verified " + keys + " keys on both sides: no difference.",
                    Map.of(Figure.KEYS, keys, Figure.DIFFERENCES, 0L, Figure.VERIFY_MILLISECONDS, milliseconds));
        }
    }

    /** Compares every key in both directions; answers the milliseconds of the first. */
    static long compareAll(WorkerContext context, RedisSources sources, Jedis target, KeyScope scope, Difference.Found found) throws Exception {
        var wanted = sources.wanted(scope);
        var comparing = new KeyProgress(context.progress(), "verifying", sources.total(scope));
        for (var source : sources.all()) {
            KeyLanes.run(new KeyScan(source.jedis(), scope), RedisSnapshotCopy.lanes(context),
                    () -> new Forward(KeyComparison.open(context, source.side(), found), wanted, comparing));
        }
        var milliseconds = comparing.milliseconds();
        var reverse = new KeyProgress(context.progress(), "looking for strays", target.dbSize());
        KeyLanes.run(new KeyScan(target), 1, () -> new Backward(sources, KeyComparison.open(context, RedisSide.ofSidekiq(context), found), wanted, reverse));
        return milliseconds;
    }

    private record Forward(KeyComparison comparison, Predicate<RedisKey> wanted, KeyProgress progress) implements KeyLanes.Lane {
        @Override
        public void handle(KeyScan.Batch batch) {
            var keys = batch.keys().stream().filter(wanted).toList();
            if (batch.isLarge()) {
                keys.forEach(comparison::compareLarge);
            } else {
                comparison.compare(keys);
            }
            progress.add(batch.keys().size(), batch.bytes());
        }

        @Override
        public void close() {
            comparison.close();
        }
    }

    /** One thread's, so the sources' own connections will do. */
    private record Backward(RedisSources sources, KeyComparison comparison, Predicate<RedisKey> wanted, KeyProgress progress) implements KeyLanes.Lane {
        @Override
        public void handle(KeyScan.Batch batch) {
            var keys = batch.keys().stream().filter(key -> !key.equals(Marker.KEY)).toList();
            keys.stream().filter(wanted.negate()).forEach(comparison::stray);
            sources.absent(keys.stream().filter(wanted).toList()).forEach(comparison::stray);
            progress.add(batch.keys().size(), 0);
        }

        @Override
        public void close() {
            comparison.close();
        }
    }
}
