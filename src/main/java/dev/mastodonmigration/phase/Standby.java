package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.JobIntent;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The workers that close the source, open the target, and open the source again: their pods are started before the clock and do nothing before they are
 * asked, so that no pod has to start while the instance is down. One that fails or vanishes after that is followed by an ordinary Job: the freeze then
 * takes as long as its pod takes to start, and does not fail for it.
 */
final class Standby {
    private static final List<String> TASKS = List.of(Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET, Tasks.REOPEN_SOURCE);
    private static final Duration WHILE_STARTING = Duration.ofMillis(250);
    private static final Duration WHILE_DOWN = Duration.ofMillis(50);
    /** Time in which a pod that stands by must have heard. */
    private static final Duration HEARING = Duration.ofSeconds(3);
    /** Time in which one that heard must answer again: it may be busy, or over, which its pod's status says a second or two later. */
    private static final Duration SILENCE = Duration.ofSeconds(5);
    private static final Duration BETWEEN_NOTES = Duration.ofSeconds(1);
    private final PhaseContext context;

    Standby(PhaseContext context) {
        this.context = context;
    }

    /** Done once every worker stands by; what keeps one from it is said, and nothing was changed for it. */
    StepResult ready() {
        if (jobs().isEmpty()) {
            return start();
        }
        var look = context.look(jobs());
        if (look.failure().isPresent() || !look.reports().isEmpty()) {
            // They do nothing before they are asked, so that nobody has to wait for their end.
            context.workers().stop(jobs());
            context.tell(new Fact.StandbyEnded());
            return look.failure().orElseGet(() -> new StepResult.Retryable("A worker on standby ended before it was asked: " + String.join(", ", look.reports().keySet()) + "."));
        }
        var missing = look.running().entrySet().stream().filter(job -> !job.getValue().standsBy()).map(job -> job.getKey() + job.getValue().hitch()).toList();
        return missing.isEmpty() ? new StepResult.Done("The workers of the freeze stand by.")
                : new StepResult.Working("waiting for workers to stand by: " + String.join(", ", missing), WHILE_STARTING);
    }

    private StepResult start() {
        var attempt = Optional.ofNullable(context.status().internal.standby).map(before -> before.attempts).orElse(0) + 1;
        context.tell(new Fact.StandbyStarted(TASKS.stream().map(task -> intent(task, attempt)).toList()));
        return new StepResult.Working("about to start workers that stand by: " + String.join(", ", TASKS), PhaseContext.AT_ONCE);
    }

    /** The target is opened in the epoch that its opening begins. */
    private JobIntent intent(String task, int attempt) {
        return new JobIntent(task, context.workers().name(task + "-standby", attempt), Optional.of(context.status().internal.epoch + (task.equals(Tasks.OPEN_TARGET) ? 1 : 0)));
    }

    /**
     * Asks one of them to do its work, again and again until it has ended.
     *
     * @param since when it may have been asked first: stands in status before anything is asked
     */
    StepResult run(String task, Instant since, Function<Map<String, WorkerReport>, StepResult> whenSucceeded) {
        var standing = jobs().stream().filter(job -> job.task.equals(task) && isInForce(job)).toList();
        if (standing.isEmpty() || context.intended(task)) {
            return context.work(List.of(task), whenSucceeded);
        }
        var look = context.look(standing);
        if (look.reports().containsKey(task)) {
            return whenSucceeded.apply(look.reports());
        }
        if (look.failure().isEmpty()) {
            var heard = context.workers().ask(look.running().get(task)) > 0;
            if (heard || context.now().isBefore(givenUp(since))) {
                if (heard) {
                    noteHeard(since);
                }
                return new StepResult.Working("running " + task, WHILE_DOWN);
            }
        }
        context.workers().stop(standing);
        return context.work(List.of(task), whenSucceeded);
    }

    private Instant givenUp(Instant since) {
        return heardAt(since).map(heard -> heard.plus(SILENCE)).orElse(since.plus(HEARING));
    }

    private Optional<Instant> heardAt(Instant since) {
        return Optional.ofNullable(context.status().internal.standby.heardAt).map(Instant::parse).filter(since::isBefore);
    }

    private void noteHeard(Instant since) {
        if (heardAt(since).filter(heard -> context.now().isBefore(heard.plus(BETWEEN_NOTES))).isEmpty()) {
            context.tell(new Fact.StandbyHeard());
        }
    }

    /** One that was started for another epoch may not act in this one; the source is opened again in any. */
    private boolean isInForce(JobRecord job) {
        return job.task.equals(Tasks.REOPEN_SOURCE) || context.status().internal.epoch.equals(job.standbyEpoch);
    }

    /** Ends them; done when none of their pods runs any more. */
    StepResult end() {
        if (context.workers().stop(jobs())) {
            return new StepResult.Working("waiting for the workers on standby to end");
        }
        if (!jobs().isEmpty()) {
            context.tell(new Fact.StandbyEnded());
        }
        return new StepResult.Done("The workers of the freeze have ended.");
    }

    private List<JobRecord> jobs() {
        return Optional.ofNullable(context.status().internal.standby).map(standby -> standby.jobs).orElse(List.of());
    }
}
