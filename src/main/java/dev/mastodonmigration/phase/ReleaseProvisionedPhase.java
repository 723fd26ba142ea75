package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;

/** Empties the target's databases of what we copied, and only that: they were empty when we claimed them and were never opened. */
@Singleton
public class ReleaseProvisionedPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.ReleaseProvisioned;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return context.work(List.of(Tasks.RESET_TARGET), reports -> new StepResult.Done(reports.get(Tasks.RESET_TARGET).message()));
    }
}
