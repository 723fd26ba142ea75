package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.job.Jobs;
import dev.mastodonmigration.job.WorkerSecret;
import dev.mastodonmigration.job.WorkersFactory;
import dev.mastodonmigration.source.heroku.HerokuApi;
import dev.mastodonmigration.target.kubernetes.KubernetesCompute;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a phase may touch in one step: the migration as it was just read, and the outside systems through their ports. */
public final class PhaseContext {
    private static final Duration AT_ONCE = Duration.ofMillis(10);
    private final MastodonMigration migration;
    private final PhaseId phase;
    private final Instant now;
    private final Outside outside;

    /** The ports, the same for every migration. */
    public record Outside(Inputs inputs, Jobs jobs, WorkerSecret workerSecret, WorkersFactory workers, KubernetesCompute compute, Rivals rivals) {}

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
        return inPhase(migration.getStatus());
    }

    private PhaseRecord inPhase(MastodonMigrationStatus status) {
        return status.phases.stream().filter(record -> record.name.equals(phase.name())).findFirst()
                .orElseThrow(() -> new IllegalStateException("phase " + phase + " was not begun"));
    }

    /** The phase's attempts and time begin anew here. */
    void restartAttempt(MastodonMigrationStatus status) {
        inPhase(status).attempts = 1;
        inPhase(status).deadline = phase.deadline().map(now::plus).map(Instant::toString).orElse(null);
    }

    Outside outside() {
        return outside;
    }

    /** Whether this attempt has already recorded a Job for the task. */
    public boolean intended(String task) {
        return record().jobs.stream().anyMatch(job -> job.task.equals(task));
    }

    /** Runs these worker tasks side by side, each as one Job, to their end. */
    public StepResult work(List<String> tasks, Function<Map<String, WorkerReport>, StepResult> whenAllSucceeded) {
        var attempt = record();
        var missing = tasks.stream().filter(task -> !intended(task)).toList();
        if (!missing.isEmpty()) {
            return new StepResult.Working("about to start " + String.join(", ", missing),
                    inRecord(record -> missing.forEach(task -> record.jobs.add(intent(task, attempt.attempts)))), Optional.of(AT_ONCE));
        }
        var look = new JobSet(this, status -> inPhase(status).jobs).look(tasks);
        return look.failure().orElseGet(() -> look.running().isEmpty() ? whenAllSucceeded.apply(look.reports())
                : new StepResult.Working("running " + look.running().entrySet().stream()
                        .map(job -> job.getKey() + job.getValue().hitch()).collect(Collectors.joining(", ")), look.facts()));
    }

    JobRecord intent(String task, int attempt) {
        var job = new JobRecord();
        job.task = task;
        job.name = outside.jobs().name(migration, task, attempt);
        return job;
    }

    /** A fact about this phase's own record. */
    private Consumer<MastodonMigrationStatus> inRecord(Consumer<PhaseRecord> fact) {
        return status -> fact.accept(inPhase(status));
    }
}
