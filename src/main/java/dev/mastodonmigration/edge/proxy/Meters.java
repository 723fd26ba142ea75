package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.SideFigures;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What both sides have answered since the start, and lately: so nobody who asks has to remember what the counts were before. */
final class Meters {
    static final Duration BETWEEN_MARKS = Duration.ofSeconds(5);
    private static final long LATELY_NANOS = TimeUnit.MINUTES.toNanos(1);
    private final Map<Side, SideMeter> meters = new EnumMap<>(Side.class);
    /** The oldest is the last one before the latest minute, or the start. */
    private final Deque<Mark> marks = new ArrayDeque<>();

    private record Mark(long nanos, Map<Side, SideFigures> figures) {}

    /** @param now by {@link System#nanoTime} */
    Meters(long now) {
        for (var side : Side.values()) {
            meters.put(side, new SideMeter());
        }
        marks.add(new Mark(now, figures()));
    }

    SideMeter of(Side side) {
        return meters.get(side);
    }

    /** To be called every {@link #BETWEEN_MARKS}. */
    void mark(long now) {
        marks.addLast(new Mark(now, figures()));
        while (marks.size() > 1 && now - marks.stream().skip(1).findFirst().orElseThrow().nanos() >= LATELY_NANOS) {
            marks.removeFirst();
        }
    }

    Map<Side, SideFigures> figures() {
        var figures = new EnumMap<Side, SideFigures>(Side.class);
        meters.forEach((side, meter) -> figures.put(side, meter.figures()));
        return figures;
    }

    /** Of the last minute and up to {@link #BETWEEN_MARKS} more; of a younger pod, since its start. */
    Map<Side, SideFigures> lately() {
        var figures = figures();
        figures.replaceAll((side, now) -> now.since(marks.getFirst().figures().get(side)));
        return figures;
    }

    long latelyMillis(long now) {
        return TimeUnit.NANOSECONDS.toMillis(now - marks.getFirst().nanos());
    }
}
