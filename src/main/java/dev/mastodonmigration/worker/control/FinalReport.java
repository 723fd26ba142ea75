package dev.mastodonmigration.worker.control;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A worker's last words, kept for whoever asks until they were acknowledged: a pod's end reaches its status one to two seconds late, which
 * is too late while the instance is down.
 */
final class FinalReport {
    private final CountDownLatch acknowledged = new CountDownLatch(1);
    private volatile Optional<WorkerReport> words = Optional.empty();

    void say(WorkerReport report) {
        words = Optional.of(report);
    }

    /** Empty while the task runs. */
    Optional<WorkerReport> words() {
        return words;
    }

    /** Heard, and kept by the one who asked; means nothing before there are words. */
    void acknowledge() {
        if (words.isPresent()) {
            acknowledged.countDown();
        }
    }

    /** Waits at most this long. */
    void awaitAcknowledgement(Duration atMost) throws InterruptedException {
        acknowledged.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
    }
}
