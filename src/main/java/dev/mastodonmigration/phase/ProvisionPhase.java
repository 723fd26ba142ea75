package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Creates or finds the target's databases and claims them: only empty ones, by leaving this migration's marker in each. */
@Singleton
public class ProvisionPhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);

    @Override
    public PhaseId id() {
        return PhaseId.Provision;
    }

    @Override
    public StepResult step(PhaseContext context) {
        new CostLook(context).whenChanged();
        return whenReady(context, TargetDatabase::ensure)
                .orElseGet(() -> context.work(List.of(Tasks.CLAIM_TARGET), reports -> new StepResult.Done(reports.get(Tasks.CLAIM_TARGET).message())));
    }

    /** Removes what we copied, and only that: the databases were empty when we claimed them and were never opened. */
    @Override
    public StepResult undo(PhaseContext context) {
        return context.work(List.of(Tasks.RESET_TARGET), reports ->
                whenReady(context, TargetDatabase::release).orElseGet(() -> new StepResult.Done(reports.get(Tasks.RESET_TARGET).message())));
    }

    private static Optional<StepResult> whenReady(PhaseContext context, Function<TargetDatabase, Provisioned> act) {
        var waiting = Stream.of(context.outside().postgres(), context.outside().redis()).flatMap(Optional::stream).map(act)
                .filter(Provisioned.Working.class::isInstance).map(Provisioned::message).collect(Collectors.joining("; "));
        return waiting.isEmpty() ? Optional.empty() : Optional.of(new StepResult.Working(waiting, BETWEEN_LOOKS));
    }
}
