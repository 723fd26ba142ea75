package dev.mastodonmigration.worker.redis;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    /** So often a key must have proved different before the time counts for which it does: a large one rests between two tries. */
    private static final int TRIES = 3;
    private static final long POSTPONED_NANOS = 500_000_000L;

    /** Of a key that proved different: since when (nanoseconds), and how often. */
    private record Suspicion(long since, int times) {
        Suspicion again() {
            return new Suspicion(since, times + 1);
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    /** By key, since when (nanoseconds); a key is in here or in {@link #cooling}, not in both. */
    private final LinkedHashMap<RedisKey, Long> changed = new LinkedHashMap<>();
    private final Set<RedisKey> cooling = new LinkedHashSet<>();
    private final Map<RedisKey, Long> coolUntil = new HashMap<>();
    private final LinkedHashSet<RedisKey> unproved = new LinkedHashSet<>();
    private final Map<RedisKey, Suspicion> suspects = new HashMap<>();
    private final ArrayDeque<LaneTask> scanned = new ArrayDeque<>();
    private final Map<RedisKey, Long> applying = new LinkedHashMap<>();
    /** Large keys on their way, which take their time and are no lag. */
    private final Set<RedisKey> moving = new HashSet<>();
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

    /** Brings a key again that proved different; answers for how long it does, however often it is brought, without a change of the source in between. */
    Duration differed(RedisKey key) {
        lock.lock();
        try {
            queue(key);
            var now = System.nanoTime();
            var suspicion = suspects.getOrDefault(key, new Suspicion(now, 0)).again();
            suspects.put(key, suspicion);
            return suspicion.times() < TRIES ? Duration.ZERO : Duration.ofNanos(now - suspicion.since());
        } finally {
            lock.unlock();
        }
    }

    private void queue(RedisKey key) {
        unproved.remove(key);
        var now = System.nanoTime();
        if (moving.contains(key) || !hurried && coolUntil.containsKey(key)) {
            cooling.add(key);
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
            keys.stream().filter(key -> !changed.containsKey(key) && !cooling.contains(key)).forEach(unproved::add);
            moved.signalAll();
        });
    }

    void proved(Collection<RedisKey> keys) {
        locked(() -> keys.forEach(suspects::remove));
    }

    /** A large key is on its way from now on: that it changes meanwhile is looked at when it has arrived. */
    void move(RedisKey key) {
        locked(() -> {
            applying.remove(key);
            moving.add(key);
            rest(key);
        });
    }

    /** It arrived, and is left alone for a while: one that changes all the time is not read all the time. */
    void moved(RedisKey key, long restNanos) {
        locked(() -> {
            moving.remove(key);
            if (restNanos > 0 && !hurried) {
                coolUntil.put(key, System.nanoTime() + restNanos);
                rest(key);
            }
            warm();
        });
    }

    private void rest(RedisKey key) {
        if (changed.remove(key) != null) {
            cooling.add(key);
        }
    }

    /** Keys that changed, to be brought while a large one is on its way; each is to be {@link #applied}. */
    List<RedisKey> takeBetween() {
        lock.lock();
        try {
            warm();
            return first(changed);
        } finally {
            lock.unlock();
        }
    }

    /** These are on the target, although the task that they came with goes on. */
    void applied(Collection<RedisKey> keys) {
        locked(() -> keys.forEach(applying::remove));
    }

    /** These are large themselves and have to wait for the one that is on its way. */
    void postpone(Collection<RedisKey> keys) {
        locked(() -> keys.forEach(key -> {
            applying.remove(key);
            queue(key);
            if (!hurried) {
                coolUntil.put(key, System.nanoTime() + POSTPONED_NANOS);
                rest(key);
            }
        }));
    }

    /** Whether it proved different, and the source has told no change of it since. */
    boolean isSuspect(RedisKey key) {
        lock.lock();
        try {
            return suspects.containsKey(key);
        } finally {
            lock.unlock();
        }
    }

    /** From now on nothing waits: the source is closed for writing. */
    void hurry() {
        locked(() -> {
            hurried = true;
            coolUntil.clear();
            warm();
            moved.signalAll();
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

    /** Leaves the source to its users for so long; once it is closed for writing, there are none. */
    void rest(long nanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            for (var left = nanos; left > 0 && !hurried;) {
                left = moved.awaitNanos(left);
            }
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
        cooling.removeIf(key -> {
            if (coolUntil.containsKey(key) || moving.contains(key)) {
                return false;
            }
            // It waits from now on: while it rested, nobody meant to bring it.
            changed.putIfAbsent(key, now);
            return true;
        });
    }

    /** Without those that the lane has in hand: it reads them again before it writes them, and would write what it has read last. */
    private List<RedisKey> first(Map<RedisKey, Long> from) {
        var keys = new ArrayList<RedisKey>();
        for (var entries = from.entrySet().iterator(); entries.hasNext() && keys.size() < MAX_TASK_KEYS;) {
            var entry = entries.next();
            if (applying.containsKey(entry.getKey())) {
                continue;
            }
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
     * @param oldestNanos  age of the oldest of them, 0 when there is none; large keys that rest or are on their way do not count
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
            var oldest = Math.max(age(applying, now), age(changed, now));
            return new Backlog(changed.size() + cooling.size() + applying.size() + moving.size(), oldest, scanned.size() + (scannedInHand || copying ? 1 : 0), unproved.size() + proving);
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
