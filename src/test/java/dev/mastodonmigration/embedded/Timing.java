package dev.mastodonmigration.embedded;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Says when things are due, and wakes the controllers then. */
final class Timing {
    private final ClusterSettings settings;
    private final Random random;
    private final Runnable wake;

    Timing(ClusterSettings settings, Runnable wake) {
        this.settings = settings;
        this.random = new Random(settings.seed());
        this.wake = wake;
    }

    Instant podStart() {
        return in(settings.podStart());
    }

    Instant status() {
        return in(settings.status());
    }

    Instant ready() {
        return in(settings.ready());
    }

    /** When a controller looks at what somebody changed. */
    Instant notice() {
        return in(settings.status().part(4));
    }

    private Instant in(Span span) {
        return after(span.pick(random));
    }

    Instant after(Duration delay) {
        if (!delay.isZero()) {
            CompletableFuture.delayedExecutor(delay.toMillis() + 1, TimeUnit.MILLISECONDS).execute(wake);
        }
        return Instant.now().plus(delay);
    }

    static boolean isDue(Instant at) {
        return !Instant.now().isBefore(at);
    }
}
