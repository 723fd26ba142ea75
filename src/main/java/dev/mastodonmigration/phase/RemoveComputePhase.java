package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;

/** Removes the workloads that this migration made: the target was never opened. */
@Singleton
public class RemoveComputePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.RemoveCompute;
    }

    @Override
    public StepResult step(PhaseContext context) {
        context.compute().remove();
        return new StepResult.Done("the workloads on the target are gone");
    }
}
