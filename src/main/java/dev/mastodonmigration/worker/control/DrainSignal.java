package dev.mastodonmigration.worker.control;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Tells a task that its moment has come: one that replicates, that the source is closed for writing and its next rounds are the last; one on
 * standby, to run. Set by {@code POST /drain}, never unset.
 */
public final class DrainSignal {
    private static final Duration CLOSELY = Duration.ofMillis(20);
    /** A drain that takes longer waits for something else than a look. */
    private static final Duration WHILE_IT_HELPS = Duration.ofSeconds(30);

    private final CountDownLatch requested = new CountDownLatch(1);
    private final LongSupplier nanoTime;
    /** Written before the latch opens. */
    private long requestedNanos;

    public DrainSignal() {
        this(System::nanoTime);
    }

    DrainSignal(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    public synchronized void request() {
        if (!isRequested()) {
            requestedNanos = nanoTime.getAsLong();
            requested.countDown();
        }
    }

    public boolean isRequested() {
        return requested.getCount() == 0;
    }

    /** A pause between two looks: the request ends it, and for a while after that looks follow each other closely, because the instance waits. */
    public void pause(Duration pause) throws InterruptedException {
        pause(pause, isRequested() && nanoTime.getAsLong() - requestedNanos > WHILE_IT_HELPS.toNanos() ? pause : CLOSELY);
    }

    /** A pause that the request ends, and that is no longer than the second once it has come. */
    void pause(Duration pause, Duration atMostThen) throws InterruptedException {
        if (isRequested()) {
            Thread.sleep(pause.compareTo(atMostThen) < 0 ? pause : atMostThen);
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
