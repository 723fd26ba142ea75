package dev.mastodonmigration.phase;

import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Does what going back needs, by whatever can be had: the worker that stands by for it, else a Job, and where no pod starts, because of a quota, a lost
 * node or a namespace that is being deleted, the operator itself.
 */
final class GoingBack {
    /** Time in which a pod must run. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);
    private final PhaseContext context;

    GoingBack(PhaseContext context) {
        this.context = context;
    }

    /** Lets the source write again; takes off it what is ours as far as nobody reads there. */
    StepResult reopenSource() {
        return onSource(Tasks.REOPEN_SOURCE);
    }

    /** Takes everything of ours off the source's database, the write gate first of all; waits for those who read. */
    StepResult clearSource() {
        return onSource(Tasks.CLEAR_SOURCE);
    }

    private StepResult onSource(String task) {
        if (context.status().internal.sourceReleasedAt != null) {
            return new StepResult.Done("The source's database was opened before, and carries nothing of ours.");
        }
        return byWhatCanBeHad(task, reports -> {
            var report = reports.get(task);
            if (report.figures().getOrDefault(Figure.TRACES_LEFT, 0L) == 0) {
                context.tell(new Fact.SourceReleased());
            }
            report.notes().forEach(note -> context.tell(Notes.of(task, note)));
            return new StepResult.Done(report.message());
        });
    }

    /** Raises the target's epoch, so that nobody opens it any more, and reads whether somebody did. */
    StepResult withdrawOpening(Function<WorkerReport, StepResult> whenWithdrawn) {
        return byWhatCanBeHad(Tasks.WITHDRAW_OPENING, reports -> whenWithdrawn.apply(reports.get(Tasks.WITHDRAW_OPENING)));
    }

    /**
     * Takes what we copied off the target's databases. By a pod, as long as Kubernetes lets one be made; the operator itself may stand where it does not reach them,
     * and then fails, as a worker would.
     */
    StepResult resetTarget() {
        try {
            return context.work(List.of(Tasks.RESET_TARGET), this::targetReset);
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            return switch (here(Tasks.RESET_TARGET, this::targetReset, refused.getMessage())) {
                case StepResult.Blocked failed -> new StepResult.Retryable(failed.message());
                case StepResult other -> other;
            };
        }
    }

    private StepResult targetReset(Map<String, WorkerReport> reports) {
        context.tell(new Fact.TargetReset());
        return new StepResult.Done(reports.get(Tasks.RESET_TARGET).message());
    }

    /** Opens the target to the end, where it was begun. */
    StepResult openTarget(Supplier<StepResult> whenOpen) {
        return byWhatCanBeHad(Tasks.OPEN_TARGET, reports -> whenOpen.get());
    }

    private StepResult byWhatCanBeHad(String task, Function<Map<String, WorkerReport>, StepResult> whenSucceeded) {
        var begun = Instant.parse(context.record().startedAt);
        try {
            var result = new Standby(context).run(task, begun, whenSucceeded);
            return result instanceof StepResult.Working && context.now().isAfter(begun.plus(PATIENCE)) && noPodRuns(task) ? here(task, whenSucceeded, result.message()) : result;
        } catch (OutsideException noPods) {
            return here(task, whenSucceeded, noPods.getMessage());
        }
    }

    /** One that runs is waited for, however long it takes: a second one beside it would only end its sessions. */
    private boolean noPodRuns(String task) {
        var jobs = context.record().jobs.stream().filter(job -> job.task.equals(task)).toList();
        return !jobs.isEmpty() && context.look(jobs).running().values().stream().allMatch(worker -> worker.reading().isEmpty());
    }

    private StepResult here(String task, Function<Map<String, WorkerReport>, StepResult> whenSucceeded, String why) {
        var report = context.workers().here(task, context.status().internal.epoch);
        if (report.isEmpty()) {
            return new StepResult.Working("the operator does " + task + " itself, because no pod does (" + why + ")", BETWEEN_LOOKS);
        }
        return switch (report.get().outcome()) {
            case SUCCEEDED -> whenSucceeded.apply(Map.of(task, report.get()));
            case RETRYABLE -> {
                // It read what the workers read, which may have been rotated meanwhile.
                context.workers().refreshCredentials();
                yield new StepResult.Blocked(report.get().message());
            }
            case REFUSED -> new StepResult.Refused(report.get().message());
        };
    }
}
