package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.ImmutableFields;
import dev.mastodonmigration.itinerary.StepResult;
import java.util.Optional;

/** What the cutover gate stands for, looked at again in each step until the clock starts. */
final class Gate {
    private Gate() {}

    /** What the admin has taken back or changed since the gate, or the window that has closed. */
    static Optional<StepResult> withdrawn(PhaseContext context) {
        var spec = context.spec();
        var edited = ImmutableFields.changed(spec, context.status().internal.accepted);
        if (edited.isPresent()) {
            return withdrawn("The spec was changed before the clock started. " + edited.get());
        }
        if (SpecDefaults.state(spec) != DesiredState.Running) {
            return withdrawn("spec.state is " + SpecDefaults.state(spec) + " and the clock has not started.");
        }
        if (!SpecDefaults.cutoverApproved(spec) || SpecDefaults.notBefore(spec).filter(context.now()::isBefore).isPresent()) {
            return withdrawn("The approval was taken back before the clock started.");
        }
        return SpecDefaults.notAfter(spec).filter(context.now()::isAfter).flatMap(closed -> withdrawn(AwaitCutoverPhase.closed(closed)));
    }

    private static Optional<StepResult> withdrawn(String why) {
        return Optional.of(new StepResult.Withdrawn(why + " The source runs on."));
    }
}
