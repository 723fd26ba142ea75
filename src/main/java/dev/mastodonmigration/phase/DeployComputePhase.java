package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;
import java.time.Duration;

/** Brings web and streaming up on the target, warmed but locked out of its database by the write gate; Sidekiq stays at zero. */
@Singleton
public class DeployComputePhase implements Phase {
    /** Each look reads the source's config vars, and Heroku counts requests. */
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);

    @Override
    public PhaseId id() {
        return PhaseId.DeployCompute;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (SpecDefaults.rebuildsRedis(context.spec())) {
            context.compute().refuseForeignFeeds();
        }
        context.compute().ensure(context.inputs().targetEnvironment(context.migration()));
        var readiness = context.compute().ready();
        return readiness.complete()
                ? new StepResult.Done("web and streaming are ready and cannot write yet, Sidekiq is stopped")
                : new StepResult.Working("waiting for " + readiness.waitingFor(), BETWEEN_LOOKS);
    }
}
