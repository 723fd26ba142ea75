package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.Provisioned;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Moves users' requests to the edge step by step. Both sides still serve one database: the edge passes everything on to the source. Where only the target stands behind
 * it nobody is moved yet: DNS is prepared for the moment when the target is open. Where users fare worse through the edge they are led back a step ({@link ShiftWatch}).
 */
@Singleton
public class ShiftTrafficPhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    private static final String BY_HAND = "traffic";

    @Override
    public PhaseId id() {
        return PhaseId.ShiftTraffic;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var edge = context.edge().orElseThrow();
        // First: users who fare worse do not wait until whatever keeps the edge from being put right has passed.
        var watched = new ShiftWatch(context, edge).look();
        if (watched.isPresent()) {
            return watched.get();
        }
        var trust = new EdgeTrust(context);
        if (trust.isUnderWay()) {
            var restarting = trust.before();
            if (restarting.isPresent()) {
                return restarting.get();
            }
        }
        var ensured = edge.ensure();
        if (ensured instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), BETWEEN_LOOKS);
        }
        var unhealthy = edge.unhealthy();
        if (unhealthy.isPresent()) {
            return new StepResult.Working("No more traffic is moved, because the edge is not healthy: " + unhealthy.get(), BETWEEN_LOOKS);
        }
        var asking = new EntranceLook(context).before();
        if (asking.isPresent()) {
            return asking.get();
        }
        var distrusted = trust.isUnderWay() ? Optional.<StepResult>empty() : trust.before();
        if (distrusted.isPresent()) {
            return distrusted.get();
        }
        var byHand = new DnsByHand(context, edge);
        context.findings(BY_HAND, Severity.Action, byHand.look());
        for (int percent : edge.steps()) {
            if (edge.weight(percent) instanceof Provisioned.Working working) {
                return new StepResult.Working(percent + " %: " + working.message(), BETWEEN_LOOKS);
            }
        }
        var waits = byHand.waits();
        if (waits.isPresent()) {
            return waits.get();
        }
        context.findings(BY_HAND, Severity.Warning, byHand.untold());
        new EntranceLook(context).usersCome();
        return new StepResult.Done(edge.steps().isEmpty() ? ensured.message() + "." : "Users come through the edge.");
    }

    /** Nobody is led to the source any more: whatever was to be looked at before is over. */
    static void settle(PhaseContext context) {
        context.findings(BY_HAND, Severity.Warning, List.of());
    }

    @Override
    public StepResult undo(PhaseContext context) {
        var edge = context.edge().orElseThrow();
        context.findings(BY_HAND, Severity.Action, List.of());
        new ShiftWatch(context, edge).settle();
        new EntranceLook(context).settle();
        var trust = new EdgeTrust(context);
        if (trust.restoreFirst() instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), working.lookAgain().orElse(BETWEEN_LOOKS));
        }
        if (edge.restore() instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), BETWEEN_LOOKS);
        }
        var before = "Traffic goes where it went before the migration.";
        return switch (trust.restore()) {
            case Provisioned.Working working -> new StepResult.Working(working.message(), working.lookAgain().orElse(BETWEEN_LOOKS));
            case Provisioned.Left left -> new StepResult.Done(before, Optional.of(left.message()));
            case Provisioned.Ready ready -> new StepResult.Done(before);
        };
    }
}
