package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Creates or finds the target's databases, looks at what Preflight could not see of them, and claims them: only empty ones, by leaving this migration's marker in each. */
@Singleton
public class ProvisionPhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    private static final String ORIGIN = "provision";

    @Override
    public PhaseId id() {
        return PhaseId.Provision;
    }

    @Override
    public StepResult step(PhaseContext context) {
        new CostLook(context).whenChanged();
        // Each look at what is created elsewhere costs calls there: none is taken while a worker claims.
        if (!context.intended(Tasks.CLAIM_TARGET) && whenReady(context, TargetDatabase::ensure, "") instanceof StepResult.Working creating) {
            return creating;
        }
        return context.work(List.of(Tasks.CLAIM_TARGET), reports -> {
            tellNotes(context, reports.get(Tasks.CLAIM_TARGET));
            return whenReady(context, TargetDatabase::ensure, reports.get(Tasks.CLAIM_TARGET).message());
        });
    }

    /** Removes what we copied, and only that: the databases were empty when we claimed them and were never opened. */
    @Override
    public StepResult undo(PhaseContext context) {
        return context.work(List.of(Tasks.RESET_TARGET), reports -> whenReady(context, TargetDatabase::release, reports.get(Tasks.RESET_TARGET).message()));
    }

    /** What Preflight noted of both databases already is not told again. */
    private static void tellNotes(PhaseContext context, WorkerReport report) {
        context.findings(ORIGIN, Severity.Note, report.notes().stream().filter(note -> context.status().findings.stream().noneMatch(known -> known.message.equals(note) && !known.id.startsWith(ORIGIN))).toList());
    }

    /** @param done what to say when none works on it any more, beside what each has to say of itself */
    private static StepResult whenReady(PhaseContext context, Function<TargetDatabase, Provisioned> act, String done) {
        var seen = Stream.of(context.outside().postgres(), context.outside().redis()).flatMap(Optional::stream).map(act).toList();
        var waiting = seen.stream().filter(Provisioned.Working.class::isInstance).map(Provisioned::message).collect(Collectors.joining("; "));
        return waiting.isEmpty() ? new StepResult.Done(Stream.concat(Stream.of(done), seen.stream().map(Provisioned::message).filter(said -> !said.isEmpty()).map(said -> said + ".")).collect(Collectors.joining(" ")))
                : new StepResult.Working(waiting, BETWEEN_LOOKS);
    }
}
