package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.status.Fact;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Tells what the edge measured, in the phases in which users come through it and nothing is in a hurry. Not in the freeze: nothing there may wait for it. */
public final class EdgeLook {
    /** Between two writes of it. What the edge measures is of a minute. */
    private static final Duration GOOD_FOR = Duration.ofSeconds(30);
    private static final Set<PhaseId> BESIDE = EnumSet.of(PhaseId.ShiftTraffic, PhaseId.AwaitCutover, PhaseId.Housekeeping, PhaseId.Soak, PhaseId.AwaitRetire);

    private EdgeLook() {}

    public static boolean isDue(PhaseId phase, PhaseContext context) {
        return BESIDE.contains(phase) && context.edge().isPresent()
                && Optional.ofNullable(context.status().edge).filter(known -> context.now().isBefore(Instant.parse(known.measuredAt).plus(GOOD_FOR))).isEmpty();
    }

    public static void take(PhaseContext context) {
        context.edge().flatMap(Edge::measured).ifPresentOrElse(figures -> context.tell(new Fact.EdgeMeasured(figures)), () -> {
            if (context.status().edge != null) {
                context.tell(new Fact.EdgeGone());
            }
        });
    }
}
