package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;

/** Brings web and streaming up on the target, warmed but locked out of its database by the write gate; Sidekiq stays at zero. */
@Singleton
public class DeployComputePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.DeployCompute;
    }

    @Override
    public StepResult step(PhaseContext context) {
        context.compute().ensure(context.migration(), context.inputs().targetEnvironment(context.migration()));
        var readiness = context.compute().ready(context.migration());
        return readiness.complete()
                ? new StepResult.Done("web and streaming are ready, Sidekiq is stopped")
                : new StepResult.Working("waiting for " + readiness.waitingFor());
    }
}
