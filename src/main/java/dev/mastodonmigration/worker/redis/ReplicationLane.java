package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import redis.clients.jedis.Jedis;

/**
 * Brings its share of the keys to the target by their state, never by what happened to them, and proves them: one connection to each side,
 * one thing after the other, so that a key's reading and writing cannot be overtaken by an older one's.
 */
final class ReplicationLane implements AutoCloseable {
    /** A key that stays different for so long, although it is copied again and again and the source tells no change of it, can not be made equal. */
    private static final Duration LONGEST_DIFFERENCE = Duration.ofSeconds(30);
    private static final long LONGEST_REST_NANOS = 500_000_000L;
    /** A large key may take this part of the lane's time. */
    private static final int REST_PER_WORK = 10;

    private final KeyReader source;
    private final GuardedWriter writer;
    private final KeyTransfer transfer;
    private final KeyComparison comparison;
    private final ReplicatedKeys keys;
    private final LaneWork work = new LaneWork();
    private final Copied copied;
    private final CopyLine line;
    private volatile Optional<Difference.Found> last = Optional.empty();

    /** Told how much arrived on the target. */
    interface Copied {
        void add(long keys, long bytes);
    }

    private ReplicationLane(Jedis source, Jedis target, Marker marker, ReplicatedKeys keys, Copied copied) throws Refusal {
        this.source = KeyReader.of(source);
        this.writer = new GuardedWriter(target, marker);
        this.transfer = new KeyTransfer(this.source, writer, PayloadTranslator.of(target), keys::contains, keys::seen);
        this.comparison = new KeyComparison(this.source, KeyReader.of(target), new Difference.Found());
        this.keys = keys;
        this.copied = copied;
        this.line = new CopyLine(this.source, transfer, work, copied);
    }

    static ReplicationLane open(WorkerContext context, Marker marker, ReplicatedKeys keys, Copied copied) throws Refusal, IOException {
        var source = RedisSide.SOURCE.open(context);
        try {
            var target = RedisSide.TARGET.open(context);
            try {
                return new ReplicationLane(source, target, marker, keys, copied);
            } catch (Refusal | RuntimeException e) {
                target.close();
                throw e;
            }
        } catch (Refusal | IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    LaneWork work() {
        return work;
    }

    /** From now on a difference is not mended but recorded: nothing changes any more. */
    void proveForGood(Difference.Found found) {
        last = Optional.of(found);
    }

    /** Does the next thing, or waits a moment for one. */
    void step() throws Refusal, IOException, InterruptedException {
        var task = work.take();
        if (task.kind() == LaneWork.Kind.COPY) {
            line.copy(task.keys());
            return;
        }
        line.finish();
        work.copied();
        if (task.keys().isEmpty()) {
            return;
        }
        for (var batch : KeyScan.cut(source.jedis(), task.keys())) {
            switch (task.kind()) {
                case APPLY -> apply(batch);
                case COPY -> throw new IllegalStateException("copied above");
                case PROVE -> prove(batch);
                case PROVE_SCANNED -> {
                    prove(batch);
                    copied.add(batch.keys().size(), 0);
                }
            }
        }
    }

    private void apply(KeyScan.Batch batch) throws Refusal, IOException {
        var started = System.nanoTime();
        transfer.transfer(batch);
        if (batch.isLarge()) {
            work.coolDown(batch.keys().getFirst(), Math.min(LONGEST_REST_NANOS, REST_PER_WORK * (System.nanoTime() - started)));
        }
        work.prove(batch.keys());
    }

    private void prove(KeyScan.Batch batch) throws Refusal {
        var wanted = batch.keys().stream().filter(key -> keys.contains(key) && (last.isPresent() || !keys.isStream(key))).toList();
        var differences = comparison.differences(new KeyScan.Batch(wanted, wanted.size() == 1 ? batch.bytes() : 0));
        work.proved(wanted.stream().filter(key -> differences.stream().noneMatch(difference -> difference.key().equals(key))).toList());
        for (var difference : differences) {
            if (last.isPresent()) {
                last.get().add(difference);
            } else if (work.differed(difference.key()).compareTo(LONGEST_DIFFERENCE) > 0) {
                throw new Refusal("Redis key " + difference + " could not be made the same on the target for " + LONGEST_DIFFERENCE.toSeconds()
                        + " s, although the source did not change it. Check that nothing else writes to the target, and start the migration again.");
            }
        }
    }

    /** Ends what the lane is just doing, from another thread. */
    void disconnect() {
        for (var connection : List.of(source.jedis().getConnection(), writer.jedis().getConnection())) {
            try {
                connection.forceDisconnect();
            } catch (IOException alreadyGone) {
                connection.setBroken();
            }
        }
    }

    @Override
    public void close() {
        comparison.close();
        writer.close();
    }
}
