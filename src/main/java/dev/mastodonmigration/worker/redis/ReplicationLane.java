package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
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
    private final LaneSources sources;
    private final GuardedWriter writer;
    private final ReplicatedKeys keys;
    private final LaneWork work;
    private final Copied copied;
    private final Supplier<Pace> pace;
    private final Map<RedisKey, Long> proveNotBefore = new HashMap<>();
    private long spokeNanos = System.nanoTime();
    private long startedNanos = System.nanoTime();
    /** While a large key is brought or proved, and others may have their turn between its pages. */
    private boolean yielding;
    private volatile Optional<Difference.Found> last = Optional.empty();

    /** Told how much arrived on the target. */
    interface Copied {
        void add(long keys, long bytes);
    }

    private ReplicationLane(RedisSources followed, LaneSource.Target to, ReplicatedKeys keys, SourceConflicts conflicts, Copied copied, Supplier<Pace> pace) {
        this.work = new LaneWork();
        this.writer = to.writer();
        this.keys = keys;
        this.copied = copied;
        this.pace = pace;
        var around = new AroundLargeKeys();
        this.sources = new LaneSources(followed.all().stream().map(source -> LaneSource.of(source, to, keys, work, copied, around, around::betweenPages)).toList(), keys, conflicts);
    }

    static ReplicationLane open(WorkerContext context, Marker marker, RedisSources followed, ReplicatedKeys keys, SourceConflicts conflicts, Copied copied, Supplier<Pace> pace)
            throws Refusal, IOException {
        var sources = followed.again(context);
        try {
            var target = RedisSide.TARGET.open(context);
            try {
                return new ReplicationLane(sources, LaneSource.Target.of(target, marker), keys, conflicts, copied, pace);
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
        var next = work.take();
        startedNanos = System.nanoTime();
        switch (next) {
            case LaneTask.Copy task -> sources.copy(task);
            case LaneTask.OfAny task -> {
                sources.finishCopying();
                work.copied();
                if (!task.keys().isEmpty()) {
                    look(task);
                }
            }
        }
        spare();
    }

    /** Rests after the work since it last did, as long as the source's pace wants it. */
    private void spare() throws InterruptedException {
        work.rest(pace.get().restAfter(System.nanoTime() - startedNanos));
        startedNanos = System.nanoTime();
    }

    /** Large keys come last: nothing else waits for them. */
    private void look(LaneTask.OfAny task) throws Refusal, IOException {
        var large = new ArrayList<Share>();
        for (var share : shares(task.keys())) {
            if (share.batch().isLarge()) {
                large.add(share);
            } else {
                look(task, share);
            }
        }
        for (var share : large) {
            yielding = true;
            try {
                look(task, share);
            } finally {
                yielding = false;
            }
        }
    }

    private record Share(LaneSource source, KeyScan.Batch batch) {}

    private List<Share> shares(List<RedisKey> keys) {
        return sources.holding(keys).entrySet().stream()
                .flatMap(share -> KeyScan.cut(share.getKey().reader().jedis(), share.getValue()).stream().map(batch -> new Share(share.getKey(), batch))).toList();
    }

    private void look(LaneTask.OfAny task, Share share) throws Refusal, IOException {
        switch (task) {
            case LaneTask.Apply changed -> apply(share);
            case LaneTask.Prove due -> prove(share.source(), share.batch());
            case LaneTask.ProveScanned scanned -> {
                prove(share.source(), share.batch());
                copied.add(share.batch().keys().size(), 0);
            }
        }
    }

    private void apply(Share share) throws Refusal, IOException {
        share.source().transfer().transfer(share.batch());
        work.applied(share.batch().keys());
        work.prove(share.batch().keys());
    }

    private void prove(LaneSource source, KeyScan.Batch batch) throws Refusal, IOException {
        if (batch.isLarge() && !work.isHurried() && proveNotBefore.getOrDefault(batch.keys().getFirst(), Long.MIN_VALUE) > System.nanoTime()) {
            keys.proveAtTheEnd(batch.keys().getFirst());
            return;
        }
        var started = System.nanoTime();
        var wanted = batch.keys().stream().filter(key -> keys.contains(key) && (work.isHurried() || !keys.isStream(key))).toList();
        var differences = differences(source, new KeyScan.Batch(wanted, wanted.size() == 1 ? batch.bytes() : 0));
        if (batch.isLarge()) {
            proveNotBefore.put(batch.keys().getFirst(), System.nanoTime() + ListByEnds.REST_PER_WORK * (System.nanoTime() - started));
        }
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

    private static List<Difference> differences(LaneSource source, KeyScan.Batch batch) throws Refusal, IOException {
        try {
            return source.comparison().differences(batch);
        } catch (FailedBetween e) {
            throw e.cause();
        }
    }

    private final class AroundLargeKeys implements LargeKeys {
        @Override
        public void move(RedisKey key) {
            work.move(key);
        }

        @Override
        public void moved(RedisKey key, long restNanos) {
            work.moved(key, restNanos);
        }

        @Override
        public void between() throws Refusal, IOException {
            try {
                spare();
            } catch (InterruptedException e) {
                // The page is written, and the lane ends with the next thing that it waits for.
                Thread.currentThread().interrupt();
            }
            if (!yielding || work.isHurried()) {
                return;
            }
            yielding = false;
            try {
                for (var share : shares(work.takeBetween())) {
                    if (share.batch().isLarge()) {
                        work.postpone(share.batch().keys());
                    } else {
                        apply(share);
                    }
                }
            } finally {
                yielding = true;
            }
        }

        void betweenPages() {
            try {
                between();
            } catch (Refusal | IOException e) {
                throw new FailedBetween(e);
            }
        }

        @Override
        public void followed(RedisKey key) {
            keys.proveAtTheEnd(key);
        }

        @Override
        public boolean isSuspect(RedisKey key) {
            return work.isSuspect(key);
        }

        @Override
        public boolean mayRest() {
            return !work.isHurried();
        }
    }

    /** Carries what failed between two pages out of their comparison. */
    private static final class FailedBetween extends RuntimeException {
        private static final long serialVersionUID = 1L;

        FailedBetween(Exception cause) {
            super(cause);
        }

        IOException cause() throws Refusal {
            return switch (getCause()) {
                case Refusal refusal -> throw refusal;
                case IOException failed -> failed;
                default -> throw this;
            };
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
