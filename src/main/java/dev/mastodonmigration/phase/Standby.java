package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.job.Workers;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The workers that close the source and open the target: their pods are started before the clock and do nothing before they are asked, so that no
 * pod has to start while the instance is down. One that fails or vanishes after that is followed by an ordinary Job: the freeze then takes as long
 * as its pod takes to start, and does not fail for it.
 */
final class Standby {
    private static final List<String> TASKS = List.of(Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET);
    private static final Duration AT_ONCE = Duration.ofMillis(10);
    private static final Duration WHILE_STARTING = Duration.ofMillis(250);
    private static final Duration WHILE_DOWN = Duration.ofMillis(100);
    /** A cluster may have to add a node first. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);
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
        var standby = context.status().standby;
        if (standby == null) {
            return start();
        }
        var look = jobs().look(TASKS);
        if (look.failure().isPresent() || !look.reports().isEmpty()) {
            return startedBy().equals(standby.startedBy) && look.failure().isPresent() ? look.failure().get() : restart();
        }
        var missing = look.running().entrySet().stream().filter(job -> !standsBy(job.getValue())).map(job -> job.getKey() + job.getValue().hitch()).toList();
        if (missing.isEmpty()) {
            return new StepResult.Done("standing by");
        }
        var starting = "waiting for workers to stand by: " + String.join(", ", missing);
        return context.now().isBefore(Instant.parse(standby.startedAt).plus(PATIENCE)) ? new StepResult.Working(starting, look.facts(), Optional.of(WHILE_STARTING))
                : new StepResult.Retryable("The freeze was not begun and the source is untouched, because its workers do not stand by: " + String.join(", ", missing)
                        + ". See kubectl describe pod; if they run, the operator cannot reach them: does a NetworkPolicy keep it from their port?");
    }

    /**
     * Asks one of them to do its work, again and again until it has ended.
     *
     * @param since when it may have been asked first: stands in status before anything is asked
     */
    StepResult run(String task, Instant since, Function<Map<String, WorkerReport>, StepResult> whenSucceeded) {
        if (!isInForce(task)) {
            return context.work(List.of(task), whenSucceeded);
        }
        var look = jobs().look(List.of(task));
        if (look.reports().containsKey(task)) {
            return whenSucceeded.apply(look.reports());
        }
        if (look.failure().isEmpty()) {
            var heard = jobs().ask(look.running().get(task)) > 0;
            if (heard || context.now().isBefore(givenUp(since))) {
                return new StepResult.Working("running " + task, heard ? look.facts().andThen(noteHeard(since)) : look.facts(), Optional.of(WHILE_DOWN));
            }
        }
        jobs().stop(List.of(task));
        return context.work(List.of(task), whenSucceeded);
    }

    private Instant givenUp(Instant since) {
        return heardAt(since).map(heard -> heard.plus(SILENCE)).orElse(since.plus(HEARING));
    }

    private Optional<Instant> heardAt(Instant since) {
        return Optional.ofNullable(context.status().standby.heardAt).map(Instant::parse).filter(since::isBefore);
    }

    private Consumer<MastodonMigrationStatus> noteHeard(Instant since) {
        return heardAt(since).filter(heard -> context.now().isBefore(heard.plus(BETWEEN_NOTES))).isPresent() ? StepResult.NO_FACTS : status -> status.standby.heardAt = context.now().toString();
    }

    /** One that was started for another epoch may not act in this one. */
    private boolean isInForce(String task) {
        var standby = Optional.ofNullable(context.status().standby).map(found -> found.jobs).orElse(List.of());
        return standby.stream().anyMatch(job -> job.task.equals(task) && context.status().epoch.equals(job.standbyEpoch));
    }

    private static boolean standsBy(Workers.Running job) {
        return job.reading().filter(reading -> reading.stage().equals(Progress.Reading.STANDING_BY.stage())).isPresent();
    }

    private StepResult restart() {
        return jobs().stop(TASKS) ? new StepResult.Working("waiting for the last workers on standby to end") : start();
    }

    private StepResult start() {
        return new StepResult.Working("about to start workers that stand by: " + String.join(", ", TASKS), status -> {
            var attempts = Optional.ofNullable(status.standby).map(before -> before.attempts).orElse(0) + 1;
            status.standby = new MastodonMigrationStatus.Standby();
            status.standby.attempts = attempts;
            status.standby.startedBy = startedBy();
            status.standby.startedAt = context.now().toString();
            TASKS.forEach(task -> status.standby.jobs.add(intent(task, attempts)));
        }, Optional.of(AT_ONCE));
    }

    /** The target is opened in the epoch that its opening begins. */
    private JobRecord intent(String task, int attempt) {
        var job = new JobRecord();
        job.task = task;
        job.name = context.outside().jobs().name(context.migration(), task + "-standby", attempt);
        job.standbyEpoch = context.status().epoch + (task.equals(Tasks.OPEN_TARGET) ? 1 : 0);
        return job;
    }

    private JobSet jobs() {
        return new JobSet(context, status -> status.standby.jobs);
    }

    private String startedBy() {
        return context.record().name + "/" + context.record().attempts;
    }
}
