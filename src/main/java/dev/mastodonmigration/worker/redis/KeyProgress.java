package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Progress;
import java.util.concurrent.atomic.AtomicLong;

/** Adds up what all lanes did and tells it as one reading: keys, bytes of payload, rate, time left. */
final class KeyProgress {
    private final Progress progress;
    private final String stage;
    private final long keysTotal;
    private final long startedNanos = System.nanoTime();
    private final AtomicLong keys = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private volatile Pace pace = Pace.FULL;

    KeyProgress(Progress progress, String stage, long keysTotal) {
        this.progress = progress;
        this.stage = stage;
        this.keysTotal = keysTotal;
        tell(0, 0);
    }

    void add(long moreKeys, long moreBytes) {
        tell(keys.addAndGet(moreKeys), bytes.addAndGet(moreBytes));
    }

    void at(Pace now) {
        pace = now;
    }

    long bytes() {
        return bytes.get();
    }

    long milliseconds() {
        return (System.nanoTime() - startedNanos) / 1_000_000;
    }

    private void tell(long keysDone, long bytesDone) {
        var total = Math.max(keysTotal, keysDone);
        var elapsed = Math.max(1, milliseconds());
        // Payload sizes are known only once read: the whole is estimated from the keys done so far.
        var bytesTotal = keysDone == 0 ? 0 : Math.max(bytesDone, (long) ((double) bytesDone / keysDone * total));
        var etaSeconds = keysDone == 0 ? -1 : Math.ceilDiv((total - keysDone) * elapsed / keysDone, 1000);
        progress.set(new Progress.Reading(stage + pace.words(), bytesDone, bytesTotal, keysDone, total, bytesDone * 1000 / elapsed, etaSeconds));
    }
}
