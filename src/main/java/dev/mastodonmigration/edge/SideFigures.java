package dev.mastodonmigration.edge;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a side has answered through an edge, over some time.
 *
 * @param answers       by class of their status, from 1xx (websockets) to 5xx
 * @param failures      requests that it did not answer, or that its router could not place: users were told 503 by the edge
 * @param rateLimited   of the answers, those of 429: behind an edge that the source does not trust all users have one rate limit together
 * @param deliveries    of the answers, those to a post that was delivered to an inbox
 * @param inboxRefusals deliveries to an inbox answered in a way after which the sending server does not try again, so that the post is lost for good
 * @param latencies     how many answers began within each of {@link #BOUNDS_MILLIS}, each counted once; the last place has those that took longer
 * @param latencyMillis of all answers together, to where they began
 */
public record SideFigures(List<Long> answers, long failures, long rateLimited, long deliveries, long inboxRefusals, List<Long> latencies, long latencyMillis) {
    public static final List<Long> BOUNDS_MILLIS = List.of(5L, 10L, 25L, 50L, 100L, 250L, 500L, 1000L, 2500L, 5000L, 10_000L, 30_000L);
    public static final int CLASSES = 5;
    public static final SideFigures NONE = new SideFigures(Collections.nCopies(CLASSES, 0L), 0, 0, 0, 0, Collections.nCopies(BOUNDS_MILLIS.size() + 1, 0L), 0);
    private static final int PERCENT = 100;

    public SideFigures {
        answers = sized(answers, CLASSES);
        latencies = sized(latencies, BOUNDS_MILLIS.size() + 1);
    }

    /** A pod of another version may count otherwise, or not at all: what cannot be added up counts as nothing. */
    private static List<Long> sized(List<Long> counts, int size) {
        return counts == null || counts.size() != size ? Collections.nCopies(size, 0L) : List.copyOf(counts);
    }

    public SideFigures plus(SideFigures other) {
        return new SideFigures(sums(answers, other.answers, 1), failures + other.failures, rateLimited + other.rateLimited, deliveries + other.deliveries, inboxRefusals + other.inboxRefusals,
                sums(latencies, other.latencies, 1), latencyMillis + other.latencyMillis);
    }

    /** What came since those. */
    public SideFigures since(SideFigures earlier) {
        return new SideFigures(sums(answers, earlier.answers, -1), failures - earlier.failures, rateLimited - earlier.rateLimited, deliveries - earlier.deliveries, inboxRefusals - earlier.inboxRefusals,
                sums(latencies, earlier.latencies, -1), latencyMillis - earlier.latencyMillis);
    }

    private static List<Long> sums(List<Long> one, List<Long> other, int sign) {
        return IntStream.range(0, one.size()).mapToObj(place -> one.get(place) + sign * other.get(place)).toList();
    }

    public long requests() {
        return answers.stream().mapToLong(Long::longValue).sum() + failures;
    }

    /** Requests that failed, or were answered with 5xx; 0 where there were none. */
    public double errorPercent() {
        return requests() == 0 ? 0 : (double) PERCENT * failed() / requests();
    }

    /** Not answered, or answered with 5xx. */
    public long failed() {
        return answers.getLast() + failures;
    }

    /** Within how many milliseconds 95 of 100 answers began, rounded up to one of {@link #BOUNDS_MILLIS}; 0 where there were none, and the greatest bound where that is not enough. */
    public long p95Millis() {
        return withinMillis(95);
    }

    /** As {@link #p95Millis}, for 50 of 100. */
    public long p50Millis() {
        return withinMillis(50);
    }

    private long withinMillis(int percent) {
        var wanted = latencies.stream().mapToLong(Long::longValue).sum() * percent;
        var counted = 0L;
        for (var place = 0; place < BOUNDS_MILLIS.size() && wanted > 0; place++) {
            counted += latencies.get(place) * PERCENT;
            if (counted >= wanted) {
                return BOUNDS_MILLIS.get(place);
            }
        }
        return wanted == 0 ? 0 : BOUNDS_MILLIS.getLast();
    }
}
