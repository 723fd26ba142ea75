package dev.mastodonmigration.embedded;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long something takes: somewhere between two times. */
record Span(Duration atLeast, Duration atMost) {
    static final Span NONE = new Span(Duration.ZERO, Duration.ZERO);

    static Span seconds(double atLeast, double atMost) {
        return new Span(Duration.ofMillis((long) (atLeast * 1000)), Duration.ofMillis((long) (atMost * 1000)));
    }

    Duration pick(RandomGenerator random) {
        var width = atMost.minus(atLeast).toMillis();
        return width == 0 ? atLeast : atLeast.plusMillis(random.nextLong(width + 1));
    }

    Span part(int nth) {
        return new Span(atLeast.dividedBy(nth), atMost.dividedBy(nth));
    }
}
