package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Progress;

/** How far the scan is that goes on just now: what all partitions did, as one reading of keys, bytes of payload, rate and time left. */
final class ScanProgress implements Partition.Copied {
    private final Progress progress;
    private String stage = "connecting";
    private long keysTotal;
    private long keys;
    private long bytes;
    private long startedNanos = System.nanoTime();
    private Pace pace = Pace.FULL;

    ScanProgress(Progress progress) {
        this.progress = progress;
        tell();
    }

    synchronized void begin(String newStage, long keysToDo) {
        stage = newStage;
        keysTotal = keysToDo;
        keys = 0;
        bytes = 0;
        startedNanos = System.nanoTime();
        tell();
    }

    /** Told with the next reading, so that one who waits knows why. */
    synchronized void at(Pace now) {
        pace = now;
    }

    @Override
    public synchronized void add(long moreKeys, long moreBytes) {
        keys += moreKeys;
        bytes += moreBytes;
        tell();
    }

    synchronized long bytes() {
        return bytes;
    }

    synchronized long milliseconds() {
        return (System.nanoTime() - startedNanos) / 1_000_000;
    }

    private void tell() {
        var total = Math.max(keysTotal, keys);
        var elapsed = Math.max(1, milliseconds());
        // Payload sizes are known only once read: the whole is estimated from the keys done so far.
        var bytesTotal = keys == 0 ? 0 : Math.max(bytes, (long) ((double) bytes / keys * total));
        var etaSeconds = keys == 0 ? -1 : Math.ceilDiv((total - keys) * elapsed / keys, 1000);
        progress.set(new Progress.Reading(stage + pace.words(), bytes, bytesTotal, keys, total, bytes * 1000 / elapsed, etaSeconds));
    }
}
