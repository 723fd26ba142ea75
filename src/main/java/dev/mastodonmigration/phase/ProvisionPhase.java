package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.status.Fact;
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
    private static final String WAYS_OUT = " The operator goes on trying. To have it left to you instead, set spec.aws.deletionPolicy to Retain. In a namespace that is being deleted no Secret can be created:"
            + " edit the copy of the credentials there, the Secret whose name ends with -aws.";

    @Override
    public PhaseId id() {
        return PhaseId.Provision;
    }

    @Override
    public StepResult step(PhaseContext context) {
        new CostLook(context).whenChanged();
        var account = context.status().internal.awsAccount == null ? databases(context).map(TargetDatabase::account).flatMap(Optional::stream).findFirst() : Optional.<String>empty();
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
        try {
            return switch (release(context)) {
                case StepResult.Retryable failed -> new StepResult.Retryable(failed.message() + remains(context));
                case StepResult.Lost lost -> new StepResult.Lost(lost.message() + remains(context));
                case StepResult.Refused refused -> new StepResult.Refused(refused.message() + remains(context));
                case StepResult other -> other;
            };
        } catch (OutsideException e) {
            throw new OutsideException(e.getMessage() + remains(context), e.mayPass());
        }
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

    /** What is not forgotten while it cannot be removed: it costs money. */
    private static String remains(PhaseContext context) {
        var remains = databases(context).map(TargetDatabase::remains).flatMap(Optional::stream).map(words -> " " + words).collect(Collectors.joining());
        return remains.isEmpty() || !SpecDefaults.deletesFromAws(context.spec()) ? remains : remains + WAYS_OUT;
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
            return new StepResult.Working(waiting, BETWEEN_LOOKS);
        }
        var left = sentences(seen.stream().filter(Provisioned.Left.class::isInstance));
        return new StepResult.Done(Stream.of(done, sentences(seen.stream())).filter(words -> !words.isEmpty()).collect(Collectors.joining(" ")), Optional.of(left).filter(words -> !words.isEmpty()));
    }

    private static String sentences(Stream<Provisioned> said) {
        return said.map(Provisioned::message).filter(words -> !words.isEmpty()).map(words -> words + ".").collect(Collectors.joining(" "));
    }
}
