package dev.mastodonmigration.worker.control;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** How long to pause after a failure, and when to give up: twice as long each time, up to a cap, and counted from the start once something has succeeded in between. */
final class Backoff {
    static final Duration FIRST = Duration.ofMillis(400);
    static final Duration LONGEST = Duration.ofSeconds(5);
    private static final int DOUBLINGS = 4;

    private final Optional<Duration> limit;
    private int failures;
    private long first;
    private long last;

    /** @param limit how long failures may follow each other; empty for ever */
    Backoff(Optional<Duration> limit) {
        this.limit = limit;
    }

    /**
     * After a failure: how long to leave the servers alone; empty when nothing has succeeded for so long that it is no use.
     *
     * @param now     a reading of {@link System#nanoTime}
     * @param success when something last succeeded, on the same clock
     */
    Optional<Duration> failed(long now, long success) {
        if (failures == 0 || success - last > 0) {
            failures = 0;
            first = now;
        }
        last = now;
        var pause = FIRST.multipliedBy(1L << Math.min(failures++, DOUBLINGS));
        return limit.filter(most -> now - first > most.toNanos()).isPresent() ? Optional.empty() : Optional.of(jittered(pause.compareTo(LONGEST) < 0 ? pause : LONGEST));
    }

    /** Threads and workers that failed together do not come back together. */
    static Duration jittered(Duration pause) {
        return Duration.ofNanos(ThreadLocalRandom.current().nextLong(pause.toNanos() / 2, pause.toNanos() + 1));
    }
}
