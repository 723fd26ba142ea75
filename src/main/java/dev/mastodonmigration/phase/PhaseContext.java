package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.compute.KubernetesCompute;
import dev.mastodonmigration.heroku.HerokuApi;
import dev.mastodonmigration.heroku.HerokuException;
import dev.mastodonmigration.itinerary.Itineraries;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.job.JobOutcome;
import dev.mastodonmigration.job.Jobs;
import dev.mastodonmigration.job.ProgressReader;
import dev.mastodonmigration.job.WorkerSecret;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** What a phase may touch in one step: the migration as it was just read, and the outside systems through their ports. */
public final class PhaseContext {
    private static final Duration AT_ONCE = Duration.ofMillis(10);
    private final MastodonMigration migration;
    private final PhaseId phase;
    private final Instant now;
    private final Outside outside;

    /** The ports, the same for every migration. */
    public record Outside(Inputs inputs, Jobs jobs, WorkerSecret workerSecret, ProgressReader progress, KubernetesCompute compute, Rivals rivals) {}

    public PhaseContext(MastodonMigration migration, PhaseId phase, Instant now, Outside outside) {
        this.migration = migration;
        this.phase = phase;
        this.now = now;
        this.outside = outside;
    }

    public MastodonMigration migration() {
        return migration;
    }

    public MastodonMigrationSpec spec() {
        return migration.getSpec();
    }

    public MastodonMigrationStatus status() {
        return migration.getStatus();
    }

    public Instant now() {
        return now;
    }

    public Inputs inputs() {
        return outside.inputs();
    }

    public HerokuApi heroku() {
        return outside.inputs().heroku(migration);
    }

    public KubernetesCompute compute() {
        return outside.compute();
    }

    public Rivals rivals() {
        return outside.rivals();
    }

    public PhaseRecord record() {
        return migration.getStatus().phases.stream().filter(record -> record.name.equals(phase.name())).findFirst()
                .orElseThrow(() -> new IllegalStateException("phase " + phase + " was not begun"));
    }

    /** Whether this attempt has already recorded a Job for the task. */
    public boolean intended(String task) {
        return record().jobs.stream().anyMatch(job -> job.task.equals(task));
    }

    /** Whether the task's Job of this attempt was seen. */
    public boolean created(String task) {
        return record().jobs.stream().anyMatch(job -> job.task.equals(task) && job.uid != null);
    }

    /** Runs these worker tasks side by side, each as one Job, to their end. */
    public StepResult work(List<String> tasks, Function<Map<String, WorkerReport>, StepResult> whenAllSucceeded) {
        var attempt = record();
        var missing = tasks.stream().filter(task -> !intended(task)).toList();
        if (!missing.isEmpty()) {
            return new StepResult.Working("about to start " + String.join(", ", missing),
                    inRecord(record -> missing.forEach(task -> record.jobs.add(intent(task, attempt.attempts)))), Optional.of(AT_ONCE));
        }
        return new RunningJobs(attempt.jobs.stream().filter(job -> tasks.contains(job.task)).toList()).follow(whenAllSucceeded);
    }

    private JobRecord intent(String task, int attempt) {
        var job = new JobRecord();
        job.task = task;
        job.name = outside.jobs().name(migration, task, attempt);
        return job;
    }

    /** A fact about this phase's own record. */
    private Consumer<MastodonMigrationStatus> inRecord(Consumer<PhaseRecord> fact) {
        return status -> status.phases.stream().filter(record -> record.name.equals(phase.name())).forEach(fact);
    }

    /** The Jobs of one attempt, looked at once. */
    private final class RunningJobs {
        private final List<JobRecord> jobs;
        private final Map<String, WorkerReport> reports = new LinkedHashMap<>();
        private final List<String> running = new ArrayList<>();
        private Consumer<MastodonMigrationStatus> facts = StepResult.NO_FACTS;

        RunningJobs(List<JobRecord> jobs) {
            this.jobs = jobs;
        }

        StepResult follow(Function<Map<String, WorkerReport>, StepResult> whenAllSucceeded) {
            for (var job : jobs) {
                switch (outside.jobs().outcome(migration, job)) {
                    case JobOutcome.Absent() -> create(job);
                    case JobOutcome.Running() -> watch(job);
                    case JobOutcome.Succeeded(var report) -> {
                        reports.put(job.task, report);
                        facts = facts.andThen(status -> ProgressFacts.complete(status, job.task));
                    }
                    case JobOutcome.Failed(var report) -> {
                        return report.outcome() == WorkerReport.Outcome.REFUSED ? new StepResult.Refused(report.message()) : new StepResult.Retryable(report.message());
                    }
                    case JobOutcome.Lost() -> {
                        return new StepResult.Lost("Job " + job.name + " was running and is gone: somebody or something deleted it.");
                    }
                }
            }
            return running.isEmpty() ? whenAllSucceeded.apply(reports) : new StepResult.Working("running " + String.join(", ", running), facts);
        }

        private void create(JobRecord job) {
            writeSecret();
            seen(job, outside.jobs().create(migration, job));
        }

        /** Going back must not depend on what the admin has deleted together with the migration: the Secret of the last Job will do then. */
        private void writeSecret() {
            try {
                outside.workerSecret().write(migration, outside.inputs().workerFiles(migration));
            } catch (MissingInputException | HerokuException missing) {
                if (Itineraries.FORWARD.name().equalsIgnoreCase(migration.getStatus().itinerary) || outside.workerSecret().token(migration).isEmpty()) {
                    throw missing;
                }
            }
        }

        private void watch(JobRecord job) {
            seen(job, job.uid == null ? outside.jobs().create(migration, job) : job.uid);
            outside.workerSecret().token(migration)
                    .flatMap(token -> outside.jobs().progressUrl(migration, job).flatMap(url -> outside.progress().read(url, token)))
                    .ifPresent(reading -> facts = facts.andThen(status -> ProgressFacts.record(status, job.task, reading)));
        }

        private void seen(JobRecord job, String uid) {
            running.add(job.task + outside.jobs().heldUp(migration, job).map(reason -> " (its pod waits: " + reason + ")").orElse(""));
            facts = facts.andThen(inRecord(record -> record.jobs.stream().filter(other -> other.name.equals(job.name)).forEach(other -> other.uid = uid)));
        }
    }
}
