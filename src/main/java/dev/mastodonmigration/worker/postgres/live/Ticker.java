package dev.mastodonmigration.worker.postgres.live;

import java.time.Duration;

/** Says when something is due again; at once the first time. */
final class Ticker {
    private final long interval;
    private long next = System.nanoTime();

    Ticker(Duration interval) {
        this.interval = interval.toNanos();
    }

    boolean isDue() {
        if (System.nanoTime() - next < 0) {
            return false;
        }
        next = System.nanoTime() + interval;
        return true;
    }
}
