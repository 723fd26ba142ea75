package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.Provisioned;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/** Brings web and streaming up on the target, warmed but locked out of its database by the write gate; Sidekiq stays stopped. */
@Singleton
public class DeployComputePhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);

    @Override
    public PhaseId id() {
        return PhaseId.DeployCompute;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var compute = context.compute().orElseThrow();
        if (SpecDefaults.rebuildsRedis(context.spec())) {
            compute.refuseForeignFeeds();
        }
        var rolling = new TargetCheck(context).rollOut(compute);
        if (rolling.isPresent()) {
            return rolling.get();
        }
        var readiness = compute.ready();
        return readiness.complete() ? new StepResult.Done("Web and streaming are ready on the target and cannot write yet. Sidekiq is stopped.")
                : new StepResult.Working("waiting for " + readiness.waitingFor(), BETWEEN_LOOKS);
    }

    @Override
    public StepResult undo(PhaseContext context) {
        var compute = context.compute().orElseThrow();
        return new StandingOnAws(context, () -> Stream.of(compute)).toldWith(() -> switch (compute.remove()) {
            case Provisioned.Working working -> new StepResult.Working(working.message(), context.untilNextLook());
            case Provisioned.Ready ready -> new StepResult.Done(ready.message() + ".");
            case Provisioned.Left left -> new StepResult.Done(left.message() + ".", Optional.of(left.message() + "."));
        });
    }
}
