package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;

/**
 * Brings its share of the keys to the target by their state, never by what happened to them, and proves them: one connection to each Redis,
 * one thing after the other, so that a key's reading and writing cannot be overtaken by an older one's.
 */
final class ReplicationLane implements AutoCloseable {
    /** A key that stays different for so long, although it is copied again and again and the source tells no change of it, can not be made equal. */
    private static final Duration LONGEST_DIFFERENCE = Duration.ofSeconds(30);
    /** Services end connections that idle; that of a lane with nothing to do would be missed no sooner than in the freeze. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(1);
    private static final long LONGEST_REST_NANOS = 500_000_000L;
    /** A large key may take this part of the lane's time. */
    private static final int REST_PER_WORK = 10;

    private final LaneSources sources;
    private final GuardedWriter writer;
    private final ReplicatedKeys keys;
    private final LaneWork work;
    private final Copied copied;
    private long spokeNanos = System.nanoTime();
    private volatile Optional<Difference.Found> last = Optional.empty();

    /** Told how much arrived on the target. */
    interface Copied {
        void add(long keys, long bytes);
    }

    private ReplicationLane(LaneSources sources, GuardedWriter writer, ReplicatedKeys keys, LaneWork work, Copied copied) {
        this.work = work;
        this.sources = sources;
        this.writer = writer;
        this.keys = keys;
        this.copied = copied;
    }

    static ReplicationLane open(WorkerContext context, Marker marker, RedisSources followed, ReplicatedKeys keys, SourceConflicts conflicts, Copied copied)
            throws Refusal, IOException {
        var sources = followed.again(context);
        try {
            var target = RedisSide.TARGET.open(context);
            try {
                var to = LaneSource.Target.of(target, marker);
                var work = new LaneWork();
                var from = sources.all().stream().map(source -> LaneSource.of(source, to, keys, work, copied)).toList();
                return new ReplicationLane(new LaneSources(from, keys, conflicts), to.writer(), keys, work, copied);
            } catch (Refusal | RuntimeException e) {
                target.close();
                throw e;
            }
        } catch (Refusal | IOException | RuntimeException e) {
            sources.close();
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
        if (System.nanoTime() - spokeNanos > LONGEST_SILENCE.toNanos()) {
            all().forEach(Jedis::ping);
            spokeNanos = System.nanoTime();
        }
        switch (work.take()) {
            case LaneTask.Copy task -> sources.copy(task);
            case LaneTask.OfAny task -> {
                sources.finishCopying();
                work.copied();
                if (!task.keys().isEmpty()) {
                    look(task);
                }
            }
        }
    }

    private void look(LaneTask.OfAny task) throws Refusal, IOException {
        for (var share : sources.holding(task.keys()).entrySet()) {
            var source = share.getKey();
            for (var batch : KeyScan.cut(source.reader().jedis(), share.getValue())) {
                look(task, source, batch);
            }
        }
    }

    private void look(LaneTask.OfAny task, LaneSource source, KeyScan.Batch batch) throws Refusal, IOException {
        switch (task) {
            case LaneTask.Apply changed -> apply(source, batch);
            case LaneTask.Prove due -> prove(source, batch);
            case LaneTask.ProveScanned scanned -> {
                prove(source, batch);
                copied.add(batch.keys().size(), 0);
            }
        }
    }

    private void apply(LaneSource source, KeyScan.Batch batch) throws Refusal, IOException {
        var started = System.nanoTime();
        source.transfer().transfer(batch);
        if (batch.isLarge()) {
            work.coolDown(batch.keys().getFirst(), Math.min(LONGEST_REST_NANOS, REST_PER_WORK * (System.nanoTime() - started)));
        }
        work.prove(batch.keys());
    }

    private void prove(LaneSource source, KeyScan.Batch batch) throws Refusal {
        var wanted = batch.keys().stream().filter(key -> keys.contains(key) && (work.isHurried() || !keys.isStream(key))).toList();
        var differences = source.comparison().differences(new KeyScan.Batch(wanted, wanted.size() == 1 ? batch.bytes() : 0));
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
        for (var jedis : all()) {
            var connection = jedis.getConnection();
            try {
                connection.forceDisconnect();
            } catch (IOException alreadyGone) {
                connection.setBroken();
            }
        }
    }

    private List<Jedis> all() {
        return Stream.concat(sources.all().stream().map(source -> source.reader().jedis()), Stream.of(writer.jedis())).toList();
    }

    @Override
    public void close() {
        all().forEach(Jedis::close);
    }
}
