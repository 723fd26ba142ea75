package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;

/** Proves with the instance's own images, read-only, that they and the target's databases fit together. */
@Singleton
public class SmokeTestPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.SmokeTest;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return new TargetCheck(context).upToDate();
    }

    @Override
    public void endAttempt(PhaseContext context) {
        new TargetCheck(context).forgetFailedTest();
    }

    @Override
    public StepResult undo(PhaseContext context) {
        context.compute().orElseThrow().removeSmokeTest();
        return new StepResult.Done("The smoke test is gone.");
    }
}
