package dev.mastodonmigration.worker.postgres.live;

import java.time.Duration;
import java.util.Optional;

/** How long to wait after a failure, and when to give up: failures count together only until something has gone well between them. */
final class Patience {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(400);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final Duration limit;
    private int failures;
    private long first;
    private long last;

    /** @param limit how long failures may follow each other */
    Patience(Duration limit) {
        this.limit = limit;
    }

    /**
     * After a failure: how long to leave the servers alone; empty when nothing has gone well for so long that it is no use.
     *
     * @param now     a reading of {@link System#nanoTime}
     * @param allWell when something last went well, on the same clock
     */
    Optional<Duration> failed(long now, long allWell) {
        if (failures == 0 || allWell - last > 0) {
            failures = 0;
            first = now;
        }
        last = now;
        var pause = FIRST_PAUSE.multipliedBy(1L << Math.min(failures++, 4));
        return now - first > limit.toNanos() ? Optional.empty() : Optional.of(pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE);
    }
}
