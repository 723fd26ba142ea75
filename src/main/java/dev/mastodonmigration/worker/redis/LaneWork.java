package dev.mastodonmigration.worker.redis;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What one lane still has to do: changed keys, batches of a scan, keys whose proof is due. Every key belongs to one lane, which does one
 * thing after the other; a key that changes while the lane has it in hand comes back here, so the last word is always the newest.
 */
final class LaneWork {
    private static final int MAX_TASK_KEYS = 250;
    private static final int MAX_WAITING_BATCHES = 3;
    /** To be applied or proved: of a target that lacks most keys, a comparison finds them faster than they are copied. */
    private static final int MAX_WAITING_KEYS = 20_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    /** By key, since when (nanoseconds); a key is in here or in {@link #cooling}, not in both. */
    private final LinkedHashMap<RedisKey, Long> changed = new LinkedHashMap<>();
    private final Map<RedisKey, Long> cooling = new LinkedHashMap<>();
    private final Map<RedisKey, Long> coolUntil = new HashMap<>();
    private final LinkedHashSet<RedisKey> unproved = new LinkedHashSet<>();
    /** Keys that proved different, since when (nanoseconds). */
    private final Map<RedisKey, Long> suspects = new HashMap<>();
    private final ArrayDeque<LaneTask> scanned = new ArrayDeque<>();
    private final Map<RedisKey, Long> applying = new LinkedHashMap<>();
    private boolean scannedInHand;
    private boolean copying;
    private int proving;
    private boolean preferScan;
    private boolean hurried;

    /** As the source tells it: whatever was known about the key is old. */
    void changed(Collection<RedisKey> keys) {
        locked(() -> {
            keys.forEach(suspects::remove);
            keys.forEach(this::queue);
        });
    }

    /** Brings a key again that proved different; answers for how long it does, without a change of the source in between. */
    Duration differed(RedisKey key) {
        lock.lock();
        try {
            queue(key);
            var now = System.nanoTime();
            return Duration.ofNanos(now - suspects.computeIfAbsent(key, first -> now));
        } finally {
            lock.unlock();
        }
    }

    private void queue(RedisKey key) {
        unproved.remove(key);
        var now = System.nanoTime();
        if (!hurried && coolUntil.containsKey(key)) {
            cooling.putIfAbsent(key, now);
        } else {
            changed.putIfAbsent(key, now);
        }
        moved.signalAll();
    }

    /** Waits a moment while the lane is behind; false when it still is, and the batch was not taken. */
    boolean scanned(LaneTask task) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (isBehind()) {
                moved.await(100, TimeUnit.MILLISECONDS);
            }
            if (isBehind()) {
                return false;
            }
            scanned.add(task);
            moved.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isBehind() {
        return scanned.size() >= MAX_WAITING_BATCHES || changed.size() + unproved.size() > MAX_WAITING_KEYS;
    }

    void prove(Collection<RedisKey> keys) {
        locked(() -> {
            keys.stream().filter(key -> !changed.containsKey(key) && !cooling.containsKey(key)).forEach(unproved::add);
            moved.signalAll();
        });
    }

    void proved(Collection<RedisKey> keys) {
        locked(() -> keys.forEach(suspects::remove));
    }

    /** Leaves a large key alone for a while, so that one which changes all the time is not read all the time. */
    void coolDown(RedisKey key, long nanos) {
        locked(() -> coolUntil.put(key, System.nanoTime() + nanos));
    }

    /** From now on nothing waits: the source is closed for writing. */
    void hurry() {
        locked(() -> {
            hurried = true;
            coolUntil.clear();
            warm();
        });
    }

    /** Whether the source is closed for writing. */
    boolean isHurried() {
        lock.lock();
        try {
            return hurried;
        } finally {
            lock.unlock();
        }
    }

    /** The next thing to do, or an empty task after a short while of nothing. */
    LaneTask take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            finished();
            warm();
            if (changed.isEmpty() && scanned.isEmpty() && unproved.isEmpty()) {
                moved.await(20, TimeUnit.MILLISECONDS);
                warm();
            }
            preferScan = !preferScan;
            if (!scanned.isEmpty() && (preferScan || changed.isEmpty())) {
                moved.signalAll();
                var task = scanned.poll();
                scannedInHand = task instanceof LaneTask.ProveScanned;
                copying |= task instanceof LaneTask.Copy;
                return task;
            }
            if (!changed.isEmpty()) {
                return new LaneTask.Apply(first(changed));
            }
            return new LaneTask.Prove(firstUnproved());
        } finally {
            lock.unlock();
        }
    }

    /** Of batches to copy, which may be in hand beyond the next {@link #take}: all are on the target now. */
    void copied() {
        locked(() -> copying = false);
    }

    private void finished() {
        applying.clear();
        proving = 0;
        scannedInHand = false;
        moved.signalAll();
    }

    private void warm() {
        var now = System.nanoTime();
        coolUntil.values().removeIf(until -> until <= now);
        cooling.entrySet().removeIf(entry -> {
            if (coolUntil.containsKey(entry.getKey())) {
                return false;
            }
            changed.putIfAbsent(entry.getKey(), entry.getValue());
            return true;
        });
    }

    private List<RedisKey> first(Map<RedisKey, Long> from) {
        var keys = new ArrayList<RedisKey>();
        for (var entries = from.entrySet().iterator(); entries.hasNext() && keys.size() < MAX_TASK_KEYS;) {
            var entry = entries.next();
            keys.add(entry.getKey());
            applying.put(entry.getKey(), entry.getValue());
            entries.remove();
        }
        return List.copyOf(keys);
    }

    private List<RedisKey> firstUnproved() {
        var keys = new ArrayList<RedisKey>();
        for (var iterator = unproved.iterator(); iterator.hasNext() && keys.size() < MAX_TASK_KEYS;) {
            keys.add(iterator.next());
            iterator.remove();
        }
        proving = keys.size();
        return List.copyOf(keys);
    }

    /**
     * What is left to do.
     *
     * @param changes      keys that changed and are not yet on the target
     * @param oldestNanos  age of the oldest of them, 0 when there is none
     * @param batches      batches of a scan
     * @param proofs       keys whose proof is due
     */
    record Backlog(long changes, long oldestNanos, long batches, long proofs) {
        static final Backlog NONE = new Backlog(0, 0, 0, 0);

        Backlog and(Backlog other) {
            return new Backlog(changes + other.changes, Math.max(oldestNanos, other.oldestNanos), batches + other.batches, proofs + other.proofs);
        }
    }

    Backlog backlog() {
        lock.lock();
        try {
            var now = System.nanoTime();
            var oldest = Math.max(age(applying, now), Math.max(age(changed, now), age(cooling, now)));
            return new Backlog(changed.size() + cooling.size() + applying.size(), oldest, scanned.size() + (scannedInHand || copying ? 1 : 0), unproved.size() + proving);
        } finally {
            lock.unlock();
        }
    }

    /** Keys come in as they change, so the first is the oldest. */
    private static long age(Map<RedisKey, Long> keys, long now) {
        return keys.isEmpty() ? 0 : now - keys.values().iterator().next();
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
        } finally {
            lock.unlock();
        }
    }
}
