package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.job.Workers;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.source.heroku.HerokuException;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** Jobs whose intent stands in status: those not yet there are created, the others looked at once. */
final class JobSet {
    private final PhaseContext context;
    private final MastodonMigration migration;
    private final Function<MastodonMigrationStatus, List<JobRecord>> where;

    /** @param where the place in status that holds their records */
    JobSet(PhaseContext context, Function<MastodonMigrationStatus, List<JobRecord>> where) {
        this.context = context;
        this.migration = context.migration();
        this.where = where;
    }

    /**
     * One look.
     *
     * @param failure the first that failed, was refused or is lost
     * @param reports of those that succeeded, by task
     * @param running those that run, by task
     * @param facts   what the look found out
     */
    record Look(Optional<StepResult> failure, Map<String, WorkerReport> reports, Map<String, Workers.Running> running, Consumer<MastodonMigrationStatus> facts) {}

    /** Asks all workers of a Job for the last of it, or those on standby to run; answers how many heard. */
    int ask(Workers.Running job) {
        return workers().ask(job);
    }

    /** Deletes their Jobs; true while a pod of theirs still runs. */
    boolean stop(List<String> tasks) {
        var jobs = records(tasks);
        jobs.forEach(job -> context.outside().jobs().delete(migration, job));
        return jobs.stream().anyMatch(job -> context.outside().jobs().hasRunningPod(migration, job, context.now()));
    }

    private List<JobRecord> records(List<String> tasks) {
        return where.apply(migration.getStatus()).stream().filter(record -> tasks.contains(record.task)).toList();
    }

    Look look(List<String> tasks) {
        Optional<StepResult> failure = Optional.empty();
        var reports = new LinkedHashMap<String, WorkerReport>();
        var running = new LinkedHashMap<String, Workers.Running>();
        var facts = StepResult.NO_FACTS;
        var seen = workers().look(records(tasks));
        for (var job : records(tasks)) {
            switch (seen.get(job.task)) {
                case Workers.Running run -> {
                    facts = facts.andThen(seen(job, run.uid().orElseThrow()));
                    running.put(job.task, run);
                    facts = run.reading().isEmpty() ? facts : facts.andThen(status -> ProgressFacts.record(status, job.task, run.reading().get()));
                }
                case Workers.Succeeded(var uid, var report) -> {
                    reports.put(job.task, report);
                    facts = facts.andThen(status -> ProgressFacts.complete(status, job.task));
                }
                case Workers.Failed(var uid, var cause, var message) -> failure = failure.or(() -> Optional.of(switch (cause) {
                    case REFUSED -> new StepResult.Refused(message);
                    case MAY_PASS -> new StepResult.Retryable(message);
                    case LOST -> new StepResult.Lost(message);
                }));
            }
        }
        return new Look(failure, reports, running, facts);
    }

    private Workers workers() {
        return context.outside().workers().of(migration, () -> {
            try {
                return context.inputs().workerFiles(migration);
            } catch (HerokuException e) {
                throw new OutsideException(e.getMessage(), e.retryable());
            }
        });
    }

    private Consumer<MastodonMigrationStatus> seen(JobRecord job, String uid) {
        return status -> where.apply(status).stream().filter(other -> other.name.equals(job.name)).forEach(other -> other.uid = uid);
    }
}
