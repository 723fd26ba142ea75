package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
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
                : StepResult.Waiting.forApproval("The instance runs on the target. Set spec.retire.approved to true to finish: the write gate is removed from the Heroku database, from then on nothing stops an app"
                        + " there from writing to it" + (SpecDefaults.retireFormation(context.spec()) ? ", and the apps stay at zero dynos." : ". What becomes of the apps is left to you.")
                        + " Nothing on Heroku is deleted; delete apps and databases yourself only after that.");
    }
}
