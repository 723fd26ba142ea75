package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What one partition still has to do: changed keys, batches of a scan, keys whose proof is due. Every key belongs to one partition, which does one
 * thing after the other; a key that changes while the partition has it in hand comes back here, so the last word is always the newest.
 */
final class PartitionQueue {
    private static final int MAX_TASK_KEYS = 250;
    private static final int MAX_WAITING_BATCHES = 3;
    /** To be applied or proved: of a target that lacks most keys, a comparison finds them faster than they are copied. */
    private static final int MAX_WAITING_KEYS = 20_000;
    private static final long POSTPONED_NANOS = 500_000_000L;

    /** By key, since when (nanoseconds); a key is in here or noted in {@link #resting}, not in both. */
    private final LinkedHashMap<RedisKey, Long> changed = new LinkedHashMap<>();
    private final RestingKeys resting = new RestingKeys();
    private final LinkedHashSet<RedisKey> unproved = new LinkedHashSet<>();
    private final SuspectKeys suspects = new SuspectKeys();
    private final ArrayDeque<PartitionTask> scanned = new ArrayDeque<>();
    private final Map<RedisKey, Long> applying = new LinkedHashMap<>();
    private boolean scannedInHand;
    private boolean copying;
    private int proving;
    private boolean preferScan;
    private boolean hurried;

    /** As the source tells it: whatever was known about the key is old. */
    synchronized void changed(Collection<RedisKey> keys) {
        keys.forEach(suspects::acquit);
        keys.forEach(this::queue);
    }

    /** Brings a key again that proved different; answers for how long it does, however often it is brought, without a change of the source in between. */
    synchronized Duration differed(RedisKey key) {
        queue(key);
        return suspects.differed(key);
    }

    private void queue(RedisKey key) {
        unproved.remove(key);
        if (resting.contains(key)) {
            resting.changed(key);
        } else {
            changed.putIfAbsent(key, System.nanoTime());
        }
        notifyAll();
    }

    /** Waits a moment while the partition is behind; false when it still is, and the batch was not taken. */
    synchronized boolean scanned(PartitionTask task) throws InterruptedException {
        if (isBehind()) {
            wait(100);
        }
        if (isBehind()) {
            return false;
        }
        scanned.add(task);
        notifyAll();
        return true;
    }

    private boolean isBehind() {
        return scanned.size() >= MAX_WAITING_BATCHES || changed.size() + unproved.size() > MAX_WAITING_KEYS;
    }

    synchronized void prove(Collection<RedisKey> keys) {
        keys.stream().filter(key -> !changed.containsKey(key) && !resting.hasChanged(key)).forEach(unproved::add);
        notifyAll();
    }

    synchronized void proved(Collection<RedisKey> keys) {
        keys.forEach(suspects::acquit);
    }

    /** A large key is on its way from now on: that it changes meanwhile is looked at when it has arrived. */
    synchronized void move(RedisKey key) {
        applying.remove(key);
        resting.move(key);
        setAside(key);
    }

    /** It arrived, and is left alone for a while. */
    synchronized void moved(RedisKey key, long restNanos) {
        resting.moved(key);
        if (restNanos > 0) {
            rest(key, restNanos);
        }
        takeRested();
    }

    private void rest(RedisKey key, long nanos) {
        if (!hurried) {
            resting.rest(key, nanos);
            setAside(key);
        }
    }

    private void setAside(RedisKey key) {
        if (changed.remove(key) != null) {
            resting.changed(key);
        }
    }

    /** It waits from now on: while it rested, nobody meant to bring it. */
    private void takeRested() {
        resting.takeRested().forEach(key -> changed.putIfAbsent(key, System.nanoTime()));
    }

    /** Keys that changed, to be brought while a large one is on its way; each is to be {@link #applied}. */
    synchronized List<RedisKey> takeBetween() {
        takeRested();
        return first(changed);
    }

    /** These are on the target, although the task that they came with goes on. */
    synchronized void applied(Collection<RedisKey> keys) {
        keys.forEach(applying::remove);
    }

    /** These are large themselves and have to wait for the one that is on its way. */
    synchronized void postpone(Collection<RedisKey> keys) {
        keys.forEach(key -> {
            applying.remove(key);
            queue(key);
            rest(key, POSTPONED_NANOS);
        });
    }

    /** Whether it proved different, and the source has told no change of it since. */
    synchronized boolean isSuspect(RedisKey key) {
        return suspects.contains(key);
    }

    /** From now on nothing waits: the source is closed for writing. */
    synchronized void hurry() {
        hurried = true;
        resting.wake();
        takeRested();
        notifyAll();
    }

    /** Whether the source is closed for writing. */
    synchronized boolean isHurried() {
        return hurried;
    }

    /** Leaves the source to its users for so long; once it is closed for writing, there are none. */
    synchronized void rest(long nanos) throws InterruptedException {
        var until = System.nanoTime() + nanos;
        for (var left = nanos; left > 0 && !hurried; left = until - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** The next thing to do, or an empty task after a short while of nothing. */
    synchronized PartitionTask take() throws InterruptedException {
        finished();
        takeRested();
        if (changed.isEmpty() && scanned.isEmpty() && unproved.isEmpty()) {
            wait(20);
            takeRested();
        }
        preferScan = !preferScan;
        if (!scanned.isEmpty() && (preferScan || changed.isEmpty())) {
            notifyAll();
            var task = scanned.poll();
            scannedInHand = task instanceof PartitionTask.ProveScanned;
            copying |= task instanceof PartitionTask.Copy;
            return task;
        }
        if (!changed.isEmpty()) {
            return new PartitionTask.Apply(first(changed));
        }
        return new PartitionTask.Prove(firstUnproved());
    }

    /** Of batches to copy, which may be in hand beyond the next {@link #take}: all are on the target now. */
    synchronized void copied() {
        copying = false;
    }

    private void finished() {
        applying.clear();
        proving = 0;
        scannedInHand = false;
        notifyAll();
    }

    /** Without those that the partition has in hand: it reads them again before it writes them, and would write what it has read last. */
    private List<RedisKey> first(Map<RedisKey, Long> from) {
        var keys = new ArrayList<RedisKey>();
        for (var entries = from.entrySet().iterator(); entries.hasNext() && keys.size() < MAX_TASK_KEYS;) {
            var entry = entries.next();
            if (!applying.containsKey(entry.getKey())) {
                keys.add(entry.getKey());
                applying.put(entry.getKey(), entry.getValue());
                entries.remove();
            }
        }
        return List.copyOf(keys);
    }

    private List<RedisKey> firstUnproved() {
        var keys = unproved.stream().limit(MAX_TASK_KEYS).toList();
        keys.forEach(unproved::remove);
        proving = keys.size();
        return keys;
    }

    synchronized Backlog backlog() {
        var now = System.nanoTime();
        var oldest = Math.max(age(applying, now), age(changed, now));
        return new Backlog(changed.size() + applying.size() + resting.count(), oldest, scanned.size() + (scannedInHand || copying ? 1 : 0), unproved.size() + proving);
    }

    /** Keys come in as they change, so the first is the oldest. */
    private static long age(Map<RedisKey, Long> keys, long now) {
        return keys.isEmpty() ? 0 : now - keys.values().iterator().next();
    }
}
