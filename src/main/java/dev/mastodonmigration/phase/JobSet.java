package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Itineraries;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.job.JobOutcome;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.source.heroku.HerokuException;
import dev.mastodonmigration.worker.control.Progress;
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
    record Look(Optional<StepResult> failure, Map<String, WorkerReport> reports, Map<String, Running> running, Consumer<MastodonMigrationStatus> facts) {}

    /**
     * A Job under way.
     *
     * @param reading what its worker says of itself; nothing from one that has no address yet
     * @param workers where its running workers listen
     * @param heldUp  which of its pods does not run yet, and why
     */
    record Running(Optional<Progress.Reading> reading, List<String> workers, Optional<String> heldUp) {
        private static final Running CREATED = new Running(Optional.empty(), List.of(), Optional.empty());

        /** To be put behind the task's name. */
        String hitch() {
            return heldUp.map(reason -> " (" + reason + ")").orElse("");
        }

        boolean inSync() {
            return reading.filter(Progress.Reading::inSync).isPresent();
        }
    }

    /** Asks all workers of a Job for the last of it, or those on standby to run; answers how many heard. */
    int ask(Running job) {
        return context.outside().workerSecret().token(migration).map(token -> context.outside().progress().drain(job.workers(), token)).orElse(0);
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
        var running = new LinkedHashMap<String, Running>();
        var facts = StepResult.NO_FACTS;
        for (var job : records(tasks)) {
            switch (context.outside().jobs().outcome(migration, job)) {
                case JobOutcome.Absent() -> {
                    writeSecret();
                    facts = facts.andThen(seen(job, context.outside().jobs().create(migration, job)));
                    running.put(job.task, Running.CREATED);
                }
                case JobOutcome.Running(var workers, var heldUp) -> {
                    facts = facts.andThen(seen(job, job.uid == null ? context.outside().jobs().create(migration, job) : job.uid));
                    var reading = progress(workers);
                    running.put(job.task, new Running(reading, workers, heldUp));
                    facts = reading.isEmpty() ? facts : facts.andThen(status -> ProgressFacts.record(status, job.task, reading.get()));
                }
                case JobOutcome.Succeeded(var report) -> {
                    reports.put(job.task, report);
                    facts = facts.andThen(status -> ProgressFacts.complete(status, job.task));
                }
                case JobOutcome.Failed(var report) -> failure = failure.or(() -> Optional.of(
                        report.outcome() == WorkerReport.Outcome.REFUSED ? new StepResult.Refused(report.message()) : new StepResult.Retryable(report.message())));
                case JobOutcome.Lost() -> failure = failure.or(() -> Optional.of(
                        new StepResult.Lost("Job " + job.name + " was running and is gone: somebody or something deleted it.")));
            }
        }
        return new Look(failure, reports, running, facts);
    }

    /** Going back must not depend on what the admin has deleted together with the migration: the Secret of the last Job will do then. */
    private void writeSecret() {
        try {
            context.outside().workerSecret().write(migration, context.inputs().workerFiles(migration));
        } catch (MissingInputException | HerokuException missing) {
            if (Itineraries.FORWARD.name().equalsIgnoreCase(migration.getStatus().itinerary) || context.outside().workerSecret().token(migration).isEmpty()) {
                throw missing;
            }
        }
    }

    /** From any that answers. */
    private Optional<Progress.Reading> progress(List<String> workers) {
        return context.outside().workerSecret().token(migration)
                .flatMap(token -> workers.stream().map(url -> context.outside().progress().read(url, token)).flatMap(Optional::stream).findFirst());
    }

    private Consumer<MastodonMigrationStatus> seen(JobRecord job, String uid) {
        return status -> where.apply(status).stream().filter(other -> other.name.equals(job.name)).forEach(other -> other.uid = uid);
    }
}
