package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.mastodon.SourceConflicts;
import dev.mastodonmigration.worker.redis.value.Difference;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.value.LargeKeys;
import dev.mastodonmigration.worker.redis.value.ListByEnds;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import redis.clients.jedis.Jedis;

/**
 * Brings its share of the keys to where they are written, by their state, never by what happened to them, and proves them: one connection to each Redis, one thing
 * after the other, so that a key's reading and writing cannot be overtaken by an older one's.
 */
final class Partition implements AutoCloseable {
    /** A key that stays different for so long, although it is copied again and again and no change of it is told, can not be made equal. */
    private static final Duration LONGEST_DIFFERENCE = Duration.ofSeconds(30);
    /** Services end connections that idle; that of a partition with nothing to do would be missed no sooner than in the freeze. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(1);

    /** What is done about a key that differs. */
    enum Differing {
        /** It is brought and proved until it is equal: the source is followed, so that a difference without a change is a fault. */
        REPAIRED,
        /** It is brought, once: nobody tells whether it changed meanwhile. */
        BROUGHT,
        /** It is named, and nothing is written. */
        RECORDED
    }

    /** Told how much arrived. */
    interface Copied {
        void add(long keys, long bytes);
    }

    /** What all partitions of a session have in common. */
    record Shared(ReplicatedKeys keys, SourceConflicts conflicts, Copied copied, Supplier<Pace> pace, Difference.Found found) {}

    private final Ways ways;
    private final Shared shared;
    private final PartitionQueue queue = new PartitionQueue();
    private final LargeKeys around = new AroundLargeKeys();
    private final Map<RedisKey, Long> proveNotBefore = new HashMap<>();
    private long spokeNanos = System.nanoTime();
    private long startedNanos = System.nanoTime();
    /** While a large key is brought or proved, and others may have their turn between its pages. */
    private boolean yielding;
    private volatile Differing differing;

    Partition(Routes routes, Shared shared, Differing differing) {
        this.shared = shared;
        this.differing = differing;
        this.ways = new Ways(routes, shared, queue, differing == Differing.REPAIRED ? Optional.of(around) : Optional.empty());
    }

    PartitionQueue queue() {
        return queue;
    }

    /** From now on a difference is not repaired but recorded: nothing changes any more. */
    void record() {
        differing = Differing.RECORDED;
    }

    /** Does the next thing, or waits a moment for one. */
    void step() throws Refusal, IOException, InterruptedException {
        if (System.nanoTime() - spokeNanos > LONGEST_SILENCE.toNanos()) {
            ways.connections().forEach(Jedis::ping);
            spokeNanos = System.nanoTime();
        }
        var next = queue.take();
        startedNanos = System.nanoTime();
        switch (next) {
            case PartitionTask.Copy task -> ways.copy(task);
            case PartitionTask.OfAny task -> {
                ways.finishCopying();
                queue.copied();
                if (!task.keys().isEmpty()) {
                    look(task);
                }
            }
        }
        spare();
    }

    /** Rests after the work since it last did, as long as the source's pace wants it. */
    private void spare() throws InterruptedException {
        queue.rest(shared.pace().get().restAfter(System.nanoTime() - startedNanos));
        startedNanos = System.nanoTime();
    }

    /** Large keys come last: nothing else waits for them. */
    private void look(PartitionTask.OfAny task) throws Refusal, IOException {
        var large = new ArrayList<Ways.Share>();
        for (var share : ways.of(task.keys())) {
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

    private void look(PartitionTask.OfAny task, Ways.Share share) throws Refusal, IOException {
        switch (task) {
            case PartitionTask.Apply changed -> apply(share);
            case PartitionTask.Prove due -> {
                prove(share.way(), share.batch());
                if (differing == Differing.RECORDED) {
                    share.batch().keys().stream().filter(key -> !shared.keys().contains(key)).flatMap(key -> share.way().comparison().stray(key).stream()).forEach(shared.found()::add);
                }
            }
            case PartitionTask.ProveScanned scanned -> {
                prove(share.way(), share.batch());
                shared.copied().add(share.batch().keys().size(), share.batch().bytes());
            }
        }
    }

    private void apply(Ways.Share share) throws Refusal, IOException {
        share.way().transfer().transfer(share.batch());
        // Before they count as applied: in between, nothing would be left to do.
        if (differing != Differing.BROUGHT) {
            queue.prove(share.batch().keys());
        }
        queue.applied(share.batch().keys());
    }

    private void prove(Ways.Way way, KeyScan.Batch batch) throws Refusal, IOException {
        var keys = shared.keys();
        if (batch.isLarge() && !queue.isHurried() && proveNotBefore.getOrDefault(batch.keys().getFirst(), Long.MIN_VALUE) > System.nanoTime()) {
            keys.proveAtTheEnd(batch.keys().getFirst());
            return;
        }
        var started = System.nanoTime();
        var wanted = batch.keys().stream().filter(key -> keys.contains(key) && (queue.isHurried() || !keys.isStream(key))).toList();
        var differences = way.comparison().differences(new KeyScan.Batch(wanted, wanted.size() == 1 ? batch.bytes() : 0));
        if (batch.isLarge()) {
            proveNotBefore.put(batch.keys().getFirst(), System.nanoTime() + ListByEnds.REST_PER_WORK * (System.nanoTime() - started));
        }
        queue.proved(wanted.stream().filter(key -> differences.stream().noneMatch(difference -> difference.key().equals(key))).toList());
        for (var difference : differences) {
            differs(way, difference);
        }
    }

    private void differs(Ways.Way way, Difference difference) throws Refusal {
        switch (differing) {
            case RECORDED -> shared.found().add(difference);
            case BROUGHT -> queue.changed(List.of(difference.key()));
            case REPAIRED -> {
                if (queue.differed(difference.key()).compareTo(LONGEST_DIFFERENCE) > 0) {
                    throw new Refusal("Redis key " + difference.words(way.written()) + " could not be made the same for " + LONGEST_DIFFERENCE.toSeconds()
                            + " s, although no change of it was told. Check that nothing else writes to the Redis that is copied to, and start the migration again.");
                }
            }
        }
    }

    private final class AroundLargeKeys implements LargeKeys {
        @Override
        public void move(RedisKey key) {
            queue.move(key);
        }

        @Override
        public void moved(RedisKey key, long restNanos) {
            queue.moved(key, restNanos);
        }

        @Override
        public void between() throws Refusal, IOException {
            try {
                spare();
            } catch (InterruptedException e) {
                // The page is written, and the partition ends with the next thing that it waits for.
                Thread.currentThread().interrupt();
            }
            if (!yielding || queue.isHurried()) {
                return;
            }
            yielding = false;
            try {
                for (var share : ways.of(queue.takeBetween())) {
                    if (share.batch().isLarge()) {
                        queue.postpone(share.batch().keys());
                    } else {
                        apply(share);
                    }
                }
            } finally {
                yielding = true;
            }
        }

        @Override
        public void followed(RedisKey key) {
            shared.keys().proveAtTheEnd(key);
        }

        @Override
        public boolean isSuspect(RedisKey key) {
            return queue.isSuspect(key);
        }

        @Override
        public boolean mayRest() {
            return !queue.isHurried();
        }
    }

    /** Ends what the partition is just doing, from another thread. */
    void disconnect() {
        for (var jedis : ways.connections()) {
            var connection = jedis.getConnection();
            try {
                connection.forceDisconnect();
            } catch (IOException alreadyGone) {
                connection.setBroken();
            }
        }
    }

    @Override
    public void close() {
        ways.close();
    }
}
