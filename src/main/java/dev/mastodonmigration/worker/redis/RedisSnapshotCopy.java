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
 * Makes the target equal to a source that nobody writes to any more: every key by DUMP and RESTORE with its absolute expiry, and
 * every key removed that the source lacks. Run again after a crash, it ends in the same state.
 */
public final class RedisSnapshotCopy implements WorkerTask {
    private final KeyScope scope;

    public RedisSnapshotCopy() {
        this(KeyScope.ALL);
    }

    /** @param scope which keys the target is to have in the end, and no others */
    public RedisSnapshotCopy(KeyScope scope) {
        this.scope = scope;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = RedisSide.SOURCE.open(context); var target = RedisSide.TARGET.open(context)) {
            var marked = new MarkedTarget(target, context, RedisSide.TARGET.name(RedisSide.TARGET.url(context)));
            var marker = marked.loading();
            var processes = SidekiqProcessKeys.on(source);
            Predicate<RedisKey> wanted = key -> scope.contains(key) && !processes.contains(key);
            var copying = new KeyProgress(context.progress(), "copying", scope.total(source));
            KeyLanes.run(new KeyScan(source, scope), lanes(context), () -> new CopyLane(context, marker, wanted, copying));
            var removing = new KeyProgress(context.progress(), "removing strays", target.dbSize());
            KeyLanes.run(new KeyScan(target), 1, () -> new StrayLane(context, marker, wanted, removing));
            marked.moveTo(Marker.State.LOADED, marker);
            var keys = target.dbSize() - 1;
            return WorkerReport.succeeded("Copied " + keys + " keys to the target Redis.",
                    Map.of(Figure.KEYS, keys, Figure.BYTES, copying.bytes(), Figure.COPY_MILLISECONDS, copying.milliseconds()));
        }
    }

    /** One lane leaves the source idle while the target writes; more than four only take turns on its single thread. */
    static int lanes(WorkerContext context) {
        return Math.clamp(context.parallelism(), 1, 4);
    }

    private static final class CopyLane implements KeyLanes.Lane {
        private final KeyReader source;
        private final GuardedWriter target;
        private final KeyTransfer transfer;
        private final KeyProgress progress;

        CopyLane(WorkerContext context, Marker marker, Predicate<RedisKey> wanted, KeyProgress progress) throws Refusal, IOException {
            this.source = KeyReader.of(RedisSide.SOURCE.open(context));
            this.target = new GuardedWriter(openOrClose(context, source), marker);
            this.transfer = new KeyTransfer(source, target, PayloadTranslator.of(target.jedis()), key -> wanted.test(key) && !key.equals(Marker.KEY), (key, state) -> {});
            this.progress = progress;
        }

        private static Jedis openOrClose(WorkerContext context, KeyReader source) throws Refusal, IOException {
            try {
                return RedisSide.TARGET.open(context);
            } catch (Refusal | IOException | RuntimeException e) {
                source.close();
                throw e;
            }
        }

        @Override
        public void handle(KeyScan.Batch batch) throws Refusal, IOException {
            progress.add(batch.keys().size(), transfer.transfer(batch));
        }

        @Override
        public void close() {
            source.close();
            target.close();
        }
    }

    /** A key that only the target has would be a job run twice or a timeline entry that was deleted. */
    private static final class StrayLane implements KeyLanes.Lane {
        private final Jedis source;
        private final GuardedWriter target;
        private final Predicate<RedisKey> wanted;
        private final KeyProgress progress;

        StrayLane(WorkerContext context, Marker marker, Predicate<RedisKey> wanted, KeyProgress progress) throws Refusal, IOException {
            this.source = RedisSide.SOURCE.open(context);
            try {
                this.target = new GuardedWriter(RedisSide.TARGET.open(context), marker);
            } catch (Refusal | IOException | RuntimeException e) {
                source.close();
                throw e;
            }
            this.wanted = wanted;
            this.progress = progress;
        }

        @Override
        public void handle(KeyScan.Batch batch) throws Refusal, IOException {
            var keys = batch.keys();
            try (var pipeline = source.pipelined()) {
                var exist = keys.stream().map(key -> pipeline.exists(key.bytes())).toList();
                pipeline.sync();
                for (int i = 0; i < keys.size(); i++) {
                    var key = keys.get(i);
                    if (!key.equals(Marker.KEY) && (!exist.get(i).get() || !wanted.test(key))) {
                        target.remove(key);
                    }
                }
            }
            target.flush();
            progress.add(keys.size(), 0);
        }

        @Override
        public void close() {
            source.close();
            target.close();
        }
    }
}
