package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.SideFigures;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Counts what a side answers. Every request comes by here, so it counts in plain numbers, on the event loop alone. */
final class SideMeter {
    private static final long[] BOUNDS_NANOS = SideFigures.BOUNDS_MILLIS.stream().mapToLong(TimeUnit.MILLISECONDS::toNanos).toArray();
    private static final int CLASS = 100;
    private static final int TOO_MANY_REQUESTS = 429;
    private final long[] answers = new long[SideFigures.CLASSES];
    private final long[] latencies = new long[BOUNDS_NANOS.length + 1];
    private long nanos;
    private long failures;
    private long rateLimited;
    private long deliveries;
    private long inboxRefusals;

    /** @param took to where the answer began */
    void answered(int status, long took) {
        answers[Math.min(Math.max(status / CLASS, 1), answers.length) - 1]++;
        if (status == TOO_MANY_REQUESTS) {
            rateLimited++;
        }
        var place = 0;
        while (place < BOUNDS_NANOS.length && took > BOUNDS_NANOS[place]) {
            place++;
        }
        latencies[place]++;
        nanos += took;
    }

    void failed() {
        failures++;
    }

    /** Beside being counted as answered. */
    void delivered() {
        deliveries++;
    }

    /** Beside being counted as delivered. */
    void inboxRefused() {
        inboxRefusals++;
    }

    SideFigures figures() {
        return new SideFigures(boxed(answers), failures, rateLimited, deliveries, inboxRefusals, boxed(latencies), TimeUnit.NANOSECONDS.toMillis(nanos));
    }

    private static List<Long> boxed(long[] counts) {
        return Arrays.stream(counts).boxed().toList();
    }
}
