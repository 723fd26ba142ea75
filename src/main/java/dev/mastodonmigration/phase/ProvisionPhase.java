package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.InAccount;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Creates or finds the target's databases, looks at what Preflight could not see of them, and claims them: only empty ones, by leaving this migration's marker in each. */
@Singleton
public class ProvisionPhase implements Phase {
    private static final String ORIGIN = "provision";

    @Override
    public PhaseId id() {
        return PhaseId.Provision;
    }

    @Override
    public StepResult step(PhaseContext context) {
        new CostLook(context).whenChanged();
        var account = context.status().internal.awsAccount == null ? context.outside().inAccount().map(InAccount::account).flatMap(Optional::stream).findFirst() : Optional.<String>empty();
        if (account.isPresent()) {
            // Stands in status before anything is created: in another account nothing of it would be found.
            context.tell(new Fact.AccountSeen(account.get()));
            return new StepResult.Working("about to create in AWS account " + account.get(), PhaseContext.AT_ONCE);
        }
        // Each look at what is created elsewhere costs calls there: none is taken while a worker claims.
        if (!context.intended(Tasks.CLAIM_TARGET) && whenReady(context, TargetDatabase::ensureNowAndThen, "") instanceof StepResult.Working creating) {
            return creating;
        }
        return context.work(List.of(Tasks.CLAIM_TARGET), reports -> {
            tellNotes(context, reports.get(Tasks.CLAIM_TARGET));
            var lately = whenReady(context, TargetDatabase::ensureNowAndThen, "");
            return lately instanceof StepResult.Working ? lately : whenReady(context, TargetDatabase::ensure, reports.get(Tasks.CLAIM_TARGET).message());
        });
    }

    /** Removes what we copied, and only that: the databases were empty when we claimed them and were never opened. Then they go, where they are ours to delete. */
    @Override
    public StepResult undo(PhaseContext context) {
        return new StandingOnAws(context, () -> databases(context)).toldWith(() -> release(context));
    }

    private static StepResult release(PhaseContext context) {
        if (context.status().internal.targetResetAt != null) {
            return whenReady(context, TargetDatabase::release, "What was copied is gone from the target's databases.");
        }
        return switch (new GoingBack(context).resetTarget()) {
            case StepResult.Done reset -> whenReady(context, TargetDatabase::release, reset.message());
            case StepResult other -> other;
        };
    }

    private static Stream<TargetDatabase> databases(PhaseContext context) {
        return Stream.of(context.outside().postgres(), context.outside().redis()).flatMap(Optional::stream);
    }

    /** What Preflight noted of both databases already is not told again. */
    private static void tellNotes(PhaseContext context, WorkerReport report) {
        context.findings(ORIGIN, Severity.Note, report.notes().stream().filter(note -> context.status().findings.stream().noneMatch(known -> known.message.equals(note) && !known.id.startsWith(ORIGIN))).toList());
    }

    /** @param done what to say when none works on it any more, beside what each has to say of itself */
    private static StepResult whenReady(PhaseContext context, Function<TargetDatabase, Provisioned> act, String done) {
        var seen = databases(context).map(act).toList();
        var waiting = seen.stream().filter(Provisioned.Working.class::isInstance).map(Provisioned::message).collect(Collectors.joining("; "));
        if (!waiting.isEmpty()) {
            return new StepResult.Working(waiting, context.untilNextLook());
        }
        var left = sentences(seen.stream().filter(Provisioned.Left.class::isInstance));
        return new StepResult.Done(Stream.of(done, sentences(seen.stream())).filter(words -> !words.isEmpty()).collect(Collectors.joining(" ")), Optional.of(left).filter(words -> !words.isEmpty()));
    }

    private static String sentences(Stream<Provisioned> said) {
        return said.map(Provisioned::message).filter(words -> !words.isEmpty()).map(words -> words + ".").collect(Collectors.joining(" "));
    }
}
