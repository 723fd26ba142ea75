package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.value.GuardedWriter;
import dev.mastodonmigration.worker.redis.value.KeyReader;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.value.KeyTransfer;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.value.PayloadTranslator;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
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
        try (var sources = RedisSources.open(context, scope); var target = RedisSide.TARGET.open(context)) {
            var marked = MarkedTarget.of(RedisSide.TARGET, target, context);
            var marker = marked.loading();
            var conflict = sources.conflict(scope);
            if (conflict.isPresent()) {
                throw new Refusal(conflict.get());
            }
            var wanted = sources.wanted(scope);
            var copying = new KeyProgress(context.progress(), "copying", sources.total(scope));
            for (var source : sources.all()) {
                try (var scanning = source.side().open(context)) {
                    KeyLanes.run(new KeyScan(scanning, scope::contains), lanes(context), () -> new CopyLane(context, source.side(), marker, wanted, copying));
                }
            }
            var removing = new KeyProgress(context.progress(), "removing strays", target.dbSize());
            KeyLanes.run(new KeyScan(target), 1, () -> new StrayLane(context, sources, marker, wanted, removing));
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

        CopyLane(WorkerContext context, RedisSide side, Marker marker, Predicate<RedisKey> wanted, KeyProgress progress) throws Refusal, IOException {
            this.source = KeyReader.of(side.open(context));
            this.target = new GuardedWriter(openOrClose(context, source), marker);
            this.transfer = new KeyTransfer(source, target, PayloadTranslator.of(target.jedis()), wanted, stream -> {});
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
        private final RedisSources sources;
        private final GuardedWriter target;
        private final Predicate<RedisKey> wanted;
        private final KeyProgress progress;

        StrayLane(WorkerContext context, RedisSources copied, Marker marker, Predicate<RedisKey> wanted, KeyProgress progress) throws Refusal, IOException {
            this.sources = copied.again(context);
            try {
                this.target = new GuardedWriter(RedisSide.TARGET.open(context), marker);
            } catch (Refusal | IOException | RuntimeException e) {
                sources.close();
                throw e;
            }
            this.wanted = wanted;
            this.progress = progress;
        }

        @Override
        public void handle(KeyScan.Batch batch) throws Refusal, IOException {
            var keys = batch.keys().stream().filter(key -> !key.equals(Marker.KEY)).toList();
            keys.stream().filter(wanted.negate()).forEach(target::remove);
            sources.absent(keys.stream().filter(wanted).toList()).forEach(target::remove);
            target.flush();
            progress.add(batch.keys().size(), 0);
        }

        @Override
        public void close() {
            sources.close();
            target.close();
        }
    }
}
