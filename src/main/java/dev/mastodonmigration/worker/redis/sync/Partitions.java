package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.mastodon.SourceConflicts;
import dev.mastodonmigration.worker.redis.value.Difference;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/** All partitions of one session's keys, each with a thread of its own, and which key belongs to which. The first failure ends all. */
final class Partitions implements AutoCloseable {
    /** Each keeps both servers busy; more only take turns on their single threads. */
    private static final int MOST = 3;
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final List<Partition> all = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final SourceConflicts conflicts = new SourceConflicts();
    private final Difference.Found found;
    private volatile boolean closed;
    private volatile Pace pace = Pace.FULL;

    private Partitions(Difference.Found found) {
        this.found = found;
    }

    /** @param copied told what arrived */
    static Partitions open(Ends ends, ReplicatedKeys keys, Partition.Differing differing, Partition.Copied copied) throws Refusal, IOException {
        var partitions = new Partitions(new Difference.Found(ends.written()));
        var shared = new Partition.Shared(keys, partitions.conflicts, copied, partitions::pace, partitions.found);
        try {
            for (int i = 0; i < Math.clamp(ends.context().parallelism(), 1, MOST); i++) {
                partitions.all.add(new Partition(Routes.open(ends, keys, partitions.conflicts), shared, differing));
            }
        } catch (Refusal | IOException | RuntimeException e) {
            partitions.close();
            throw e;
        }
        for (var partition : partitions.all) {
            partitions.threads.add(Thread.ofPlatform().daemon().name("redis-partition-" + partitions.threads.size()).start(() -> partitions.run(partition)));
        }
        return partitions;
    }

    private void run(Partition partition) {
        try {
            while (!closed) {
                partition.step();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Refusal | IOException | RuntimeException e) {
            fail(e);
        } catch (Error e) {
            // Whoever waits for this partition would wait for ever.
            fail(new IllegalStateException("a partition ended by " + e, e));
            throw e;
        }
    }

    /** From now on the partitions rest after their work as this says. */
    void at(Pace now) {
        pace = now;
    }

    Pace pace() {
        return pace;
    }

    void fail(Exception e) {
        failure.compareAndSet(null, e);
    }

    boolean areIntact() {
        return failure.get() == null;
    }

    /**
     * Throws what ended the partitions, if anything did.
     *
     * @throws Gap     when it is worth another session
     * @throws Refusal when it is not
     */
    void check() throws Gap, Refusal {
        var ended = failure.get();
        if (ended == null) {
            return;
        }
        var gap = Gap.of(ended);
        if (gap.isPresent()) {
            throw gap.get();
        }
        switch (ended) {
            case Refusal refusal -> throw refusal;
            case RuntimeException fault -> throw fault;
            default -> throw new IllegalStateException(ended);
        }
    }

    private Partition of(RedisKey key) {
        var hash = key.hashCode();
        return all.get(Math.floorMod(hash ^ hash >>> 16, all.size()));
    }

    private Map<Partition, List<RedisKey>> shares(Collection<RedisKey> keys) {
        var shares = new IdentityHashMap<Partition, List<RedisKey>>();
        keys.forEach(key -> shares.computeIfAbsent(of(key), partition -> new ArrayList<>()).add(key));
        return shares;
    }

    void changed(Collection<RedisKey> keys) {
        shares(keys).forEach((partition, share) -> partition.queue().changed(share));
    }

    void prove(Collection<RedisKey> keys) {
        shares(keys).forEach((partition, share) -> partition.queue().prove(share));
    }

    /** Hands what a step of a scan found to the partitions of its keys, and waits while those are behind. */
    void scanned(List<RedisKey> keys, Function<List<RedisKey>, PartitionTask> task, Heartbeat whileBehind) throws Gap, Refusal, IOException, InterruptedException {
        for (var share : shares(keys).entrySet()) {
            while (!share.getKey().queue().scanned(task.apply(share.getValue()))) {
                whileBehind.beat();
            }
        }
    }

    Backlog backlog() {
        return all.stream().map(partition -> partition.queue().backlog()).reduce(Backlog.NONE, Backlog::and);
    }

    /** @throws Refusal when the source's two Redis can not become one */
    void demandNoConflict() throws Refusal {
        conflicts.demandNone();
    }

    /** A moment, short against the time that a partition takes for anything. */
    void awaitMoment() throws InterruptedException {
        TimeUnit.MICROSECONDS.sleep(500);
    }

    void hurry() {
        all.forEach(partition -> partition.queue().hurry());
    }

    /** From now on a difference is recorded in {@link #found}, and nothing is written. */
    void record() {
        all.forEach(Partition::record);
    }

    Difference.Found found() {
        return found;
    }

    /** Returns when no partition can write any more. */
    @Override
    public void close() {
        closed = true;
        threads.forEach(Thread::interrupt);
        for (int i = 0; i < threads.size(); i++) {
            join(threads.get(i), all.get(i));
        }
        all.forEach(Partition::close);
    }

    /** Disconnects only a partition that hangs, and again until it ends: Jedis connects anew by itself, and would then wait for answers that never come. */
    private static void join(Thread thread, Partition partition) {
        var interrupted = false;
        while (thread.isAlive()) {
            try {
                if (!thread.join(PATIENCE)) {
                    partition.disconnect();
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
