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
        try (var source = RedisSide.SOURCE.open(context); var target = RedisSide.TARGET.open(context)) {
            new MarkedTarget(target, context, RedisSide.TARGET.name(RedisSide.TARGET.url(context))).loaded();
            var processes = SidekiqProcessKeys.on(source);
            var found = new Difference.Found();
            var milliseconds = compareAll(context, source, target, scope, processes, found);
            if (found.count() > 0) {
                throw new Refusal("Redis verification found " + found.count() + " keys that differ between source and target: " + found
                        + ". The target was not opened. Check that nothing else writes to either Redis, and start the migration again.");
            }
            var keys = keys(source, target, processes);
            return WorkerReport.succeeded("Verified " + keys + " keys on both sides: no difference.",
                    Map.of(Figure.KEYS, keys, Figure.DIFFERENCES, 0L, Figure.VERIFY_MILLISECONDS, milliseconds));
        }
    }

    /** Compares every key in both directions; answers the milliseconds of the first. */
    static long compareAll(WorkerContext context, Jedis source, Jedis target, KeyScope scope, SidekiqProcessKeys processes, Difference.Found found) throws Exception {
        Predicate<RedisKey> wanted = key -> scope.contains(key) && !processes.contains(key);
        var comparing = new KeyProgress(context.progress(), "verifying", scope.total(source));
        KeyLanes.run(new KeyScan(source, scope), RedisSnapshotCopy.lanes(context), () -> new Forward(KeyComparison.open(context, found), wanted, comparing));
        var milliseconds = comparing.milliseconds();
        var reverse = new KeyProgress(context.progress(), "looking for strays", target.dbSize());
        KeyLanes.run(new KeyScan(target), 1, () -> new Backward(KeyComparison.open(context, found), wanted, reverse));
        return milliseconds;
    }

    /** SCAN may show a key twice, so the keys are counted by the server: the source's, or where it has others too, the equal ones of the target. */
    private long keys(Jedis source, Jedis target, SidekiqProcessKeys processes) {
        return scope == KeyScope.ALL ? source.dbSize() - processes.existing(source) : target.dbSize() - 1;
    }

    private record Forward(KeyComparison comparison, Predicate<RedisKey> wanted, KeyProgress progress) implements KeyLanes.Lane {
        @Override
        public void handle(KeyScan.Batch batch) {
            var keys = batch.keys().stream().filter(key -> wanted.test(key) && !key.equals(Marker.KEY)).toList();
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

    private record Backward(KeyComparison comparison, Predicate<RedisKey> wanted, KeyProgress progress) implements KeyLanes.Lane {
        @Override
        public void handle(KeyScan.Batch batch) {
            var keys = batch.keys().stream().filter(key -> !key.equals(Marker.KEY)).toList();
            keys.stream().filter(wanted.negate()).forEach(comparison::stray);
            comparison.findStrays(keys.stream().filter(wanted).toList());
            progress.add(batch.keys().size(), 0);
        }

        @Override
        public void close() {
            comparison.close();
        }
    }
}
