package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;

/** The gate before the old host is retired. */
@Singleton
public class AwaitRetirePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.AwaitRetire;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return SpecDefaults.retireApproved(context.spec())
                ? new StepResult.Done("approved")
                : StepResult.Waiting.forApproval("The instance runs on the target. Set spec.retire.approved to true to finish: our objects on the source go"
                        + (SpecDefaults.retireFormation(context.spec()) ? ", its formation stays at zero." : "; what else becomes of the Heroku apps is left to you."));
    }
}
