package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;

/** Claims the target's databases: only empty ones, by leaving this migration's marker in each. */
@Singleton
public class ProvisionPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Provision;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return context.work(List.of(Tasks.CLAIM_TARGET), reports -> new StepResult.Done(reports.get(Tasks.CLAIM_TARGET).message()));
    }
}
