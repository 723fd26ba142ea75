package dev.mastodonmigration.worker.control;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells a task that its moment has come: one that replicates, that the source is closed for writing and its next rounds are the last; one on
 * standby, to run. Set by {@code POST /drain}, never unset.
 */
public final class DrainSignal {
    private static final Duration CLOSELY = Duration.ofMillis(20);
    /** A drain that takes longer waits for something else than a look. */
    private static final Duration WHILE_IT_HELPS = Duration.ofSeconds(30);

    private final CountDownLatch requested = new CountDownLatch(1);
    /** Written before the latch opens. */
    private long requestedNanos;

    public synchronized void request() {
        if (!isRequested()) {
            requestedNanos = System.nanoTime();
            requested.countDown();
        }
    }

    public boolean isRequested() {
        return requested.getCount() == 0;
    }

    /** A pause between two looks: the request ends it, and for a while after that looks follow each other closely, because the instance waits. */
    public void pause(Duration pause) throws InterruptedException {
        if (isRequested()) {
            var isRecent = System.nanoTime() - requestedNanos < WHILE_IT_HELPS.toNanos();
            Thread.sleep(isRecent && CLOSELY.compareTo(pause) < 0 ? CLOSELY : pause);
        } else {
            await(pause);
        }
    }

    /** Waits for it. */
    public void await() throws InterruptedException {
        requested.await();
    }

    /** Waits at most this long; answers whether the drain was requested. */
    public boolean await(Duration atMost) throws InterruptedException {
        return requested.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
    }
}
