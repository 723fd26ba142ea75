package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.Map;
import redis.clients.jedis.Jedis;

/**
 * Proves that the target equals the source, key by key, value and expiry, in both directions. Sidekiq's process keys must be
 * missing on the target: one there means that a Sidekiq already runs on it.
 */
public final class RedisVerify implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = RedisSide.SOURCE.open(context); var target = RedisSide.TARGET.open(context)) {
            new MarkedTarget(target, context, RedisSide.TARGET.name(RedisSide.TARGET.url(context))).loaded();
            var excluded = SidekiqProcessKeys.on(source);
            var found = new Difference.Found();
            var milliseconds = compareAll(context, source, target, excluded, found);
            if (found.count() > 0) {
                throw new Refusal("Redis verification found " + found.count() + " keys that differ between source and target: " + found
                        + ". The target was not opened. Check that nothing else writes to either Redis, and start the migration again.");
            }
            var keys = keys(source, excluded);
            return WorkerReport.succeeded("Verified " + keys + " keys on both sides: no difference.",
                    Map.of(Figure.KEYS, keys, Figure.DIFFERENCES, 0L, Figure.VERIFY_MILLISECONDS, milliseconds));
        }
    }

    /** Compares every key in both directions; answers the milliseconds of the first. */
    static long compareAll(WorkerContext context, Jedis source, Jedis target, SidekiqProcessKeys excluded, Difference.Found found) throws Exception {
        var comparing = new KeyProgress(context.progress(), "verifying", source.dbSize());
        KeyLanes.run(new KeyScan(source), RedisSnapshotCopy.lanes(context), () -> new Forward(KeyComparison.open(context, found), excluded, comparing));
        var milliseconds = comparing.milliseconds();
        var reverse = new KeyProgress(context.progress(), "looking for strays", target.dbSize());
        KeyLanes.run(new KeyScan(target), 1, () -> new Backward(KeyComparison.open(context, found), excluded, reverse));
        return milliseconds;
    }

    /** SCAN may show a key twice, so the keys are counted by the server. */
    private static long keys(Jedis source, SidekiqProcessKeys excluded) {
        return source.dbSize() - excluded.existing(source);
    }

    private record Forward(KeyComparison comparison, SidekiqProcessKeys excluded, KeyProgress progress) implements KeyLanes.Lane {
        @Override
        public void handle(KeyScan.Batch batch) {
            var wanted = batch.keys().stream().filter(key -> !excluded.contains(key) && !key.equals(Marker.KEY)).toList();
            if (batch.isLarge()) {
                wanted.forEach(comparison::compareLarge);
            } else {
                comparison.compare(wanted);
            }
            progress.add(batch.keys().size(), batch.bytes());
        }

        @Override
        public void close() {
            comparison.close();
        }
    }

    private record Backward(KeyComparison comparison, SidekiqProcessKeys excluded, KeyProgress progress) implements KeyLanes.Lane {
        @Override
        public void handle(KeyScan.Batch batch) {
            var keys = batch.keys();
            keys.stream().filter(excluded::contains).forEach(comparison::stray);
            comparison.findStrays(keys.stream().filter(key -> !excluded.contains(key) && !key.equals(Marker.KEY)).toList());
            progress.add(keys.size(), 0);
        }

        @Override
        public void close() {
            comparison.close();
        }
    }
}
