package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
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
            var keys = keys(context, sources, target);
            return WorkerReport.succeeded("Verified " + keys + " keys on both sides: no difference.",
                    Map.of(Figure.KEYS, keys, Figure.DIFFERENCES, 0L, Figure.VERIFY_MILLISECONDS, milliseconds));
        }
    }

    /** Counted by the servers, which no key that SCAN shows twice can mislead. Of jobs, the source has others beside, and the target by now no others. */
    private long keys(WorkerContext context, RedisSources compared, Jedis target) throws Refusal, IOException {
        if (scope == KeyScope.JOBS) {
            return target.dbSize() - 1;
        }
        try (var sources = compared.again(context)) {
            return sources.count(context);
        }
    }

    /** Compares every key in both directions; answers the milliseconds of the first. */
    static long compareAll(WorkerContext context, RedisSources sources, Jedis target, KeyScope scope, Difference.Found found) throws Exception {
        var wanted = sources.wanted(scope);
        var comparing = new KeyProgress(context.progress(), "verifying", sources.total(scope));
        for (var source : sources.all()) {
            try (var scanning = source.side().open(context)) {
                KeyLanes.run(new KeyScan(scanning, scope), RedisSnapshotCopy.lanes(context),
                        () -> new Forward(KeyComparison.open(context, source.side(), found), wanted, comparing));
            }
        }
        var milliseconds = comparing.milliseconds();
        var reverse = new KeyProgress(context.progress(), "looking for strays", target.dbSize());
        KeyLanes.run(new KeyScan(target), 1, () -> Backward.open(context, sources, found, wanted, reverse));
        return milliseconds;
    }

    private record Forward(KeyComparison comparison, Predicate<RedisKey> wanted, KeyProgress progress) implements KeyLanes.Lane {
        @Override
        public void handle(KeyScan.Batch batch) {
            var keys = batch.keys().stream().filter(wanted).toList();
            comparison.compare(new KeyScan.Batch(keys, batch.bytes()));
            progress.add(batch.keys().size(), batch.bytes());
        }

        @Override
        public void close() {
            comparison.close();
        }
    }

    private record Backward(RedisSources sources, KeyComparison comparison, Predicate<RedisKey> wanted, KeyProgress progress) implements KeyLanes.Lane {
        static Backward open(WorkerContext context, RedisSources compared, Difference.Found found, Predicate<RedisKey> wanted, KeyProgress progress) throws Refusal, IOException {
            var sources = compared.again(context);
            try {
                return new Backward(sources, KeyComparison.open(context, sources.all().getFirst().side(), found), wanted, progress);
            } catch (Refusal | IOException | RuntimeException e) {
                sources.close();
                throw e;
            }
        }

        @Override
        public void handle(KeyScan.Batch batch) {
            var keys = batch.keys().stream().filter(key -> !key.equals(Marker.KEY)).toList();
            keys.stream().filter(wanted.negate()).forEach(comparison::stray);
            sources.absent(keys.stream().filter(wanted).toList()).forEach(comparison::stray);
            progress.add(batch.keys().size(), 0);
        }

        @Override
        public void close() {
            sources.close();
            comparison.close();
        }
    }
}
