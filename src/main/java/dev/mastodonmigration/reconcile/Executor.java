package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.itinerary.Observation;
import dev.mastodonmigration.itinerary.PhaseEngine;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.job.Jobs;
import dev.mastodonmigration.job.WorkersFactory;
import dev.mastodonmigration.job.WorkerSecret;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.phase.Inputs;
import dev.mastodonmigration.phase.Phase;
import dev.mastodonmigration.phase.PhaseContext;
import dev.mastodonmigration.phase.Rivals;
import dev.mastodonmigration.source.heroku.HerokuException;
import dev.mastodonmigration.target.kubernetes.ForeignObjectException;
import dev.mastodonmigration.target.kubernetes.KubernetesCompute;
import dev.mastodonmigration.worker.control.Redaction;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Carries a decision out: the only place where a migration acts on the world. */
@Singleton
class Executor {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);
    private final PhaseEngine engine = new PhaseEngine();
    private final Map<PhaseId, Phase> phases;
    private final PhaseContext.Outside outside;

    @Inject
    Executor(Instance<Phase> phases, Inputs inputs, Jobs jobs, WorkerSecret workerSecret, WorkersFactory workers, Rivals rivals, KubernetesClient client) {
        this(phases.stream().collect(Collectors.toMap(Phase::id, Function.identity())),
                new PhaseContext.Outside(inputs, jobs, workerSecret, workers, new KubernetesCompute(client), rivals));
    }

    Executor(Map<PhaseId, Phase> phases, PhaseContext.Outside outside) {
        this.phases = phases;
        this.outside = outside;
    }

    /** Acts, and returns what is to be reported: for a step, what the engine makes of its result. */
    Decision act(Decision decision, Observation seen, MastodonMigration migration) {
        return switch (decision) {
            case Decision.Step step -> engine.decide(seen.after(take(step, seen, migration)));
            case Decision.Begin begin when stopEarlierAttempt(begin.phase().name(), seen, migration) ->
                    new Decision.Continue(begin.phase(), new StepResult.Working("waiting for the workers of the last attempt to end"), LOOK_AGAIN);
            case Decision.Start start when !start.reason().isEmpty() && stopEverythingRunning(seen, migration) ->
                    new Decision.Rest(LOOK_AGAIN);
            default -> decision;
        };
    }

    private StepResult take(Decision.Step step, Observation seen, MastodonMigration migration) {
        try {
            return phases.get(step.phase()).step(new PhaseContext(migration, step.phase(), seen.now(), outside));
        } catch (MissingInputException | ForeignObjectException mendedByTheAdmin) {
            return new StepResult.Refused(mendedByTheAdmin.getMessage());
        } catch (OutsideException e) {
            return e.mayPass() ? new StepResult.Retryable(e.getMessage()) : new StepResult.Refused(e.getMessage());
        } catch (HerokuException e) {
            return e.retryable() ? new StepResult.Retryable(e.getMessage()) : new StepResult.Refused(e.getMessage());
        } catch (KubernetesClientException e) {
            return new StepResult.Retryable("The Kubernetes API refused a request: " + Redaction.strike(e.getStatus() == null || e.getStatus().getMessage() == null ? Redaction.of(e) : e.getStatus().getMessage()));
        } catch (IllegalArgumentException | IllegalStateException e) {
            return new StepResult.Retryable(Redaction.of(e));
        }
    }

    /** As below, for the workers that replicate live or stand by as well: the itinerary changes. */
    private boolean stopEverythingRunning(Observation seen, MastodonMigration migration) {
        var lasting = lasting(migration);
        lasting.forEach(job -> outside.jobs().delete(migration, job));
        var ofThePhase = stopEarlierAttempt(migration.getStatus().phase, seen, migration);
        return lasting.stream().anyMatch(job -> outside.jobs().hasRunningPod(migration, job, seen.now())) || ofThePhase;
    }

    /** Deletes the Jobs of the phase's last attempt. True while one of their pods still runs: a new attempt must not meet the old one. */
    private boolean stopEarlierAttempt(String phase, Observation seen, MastodonMigration migration) {
        var jobs = migration.getStatus().phases.stream().filter(record -> record.name.equals(phase)).flatMap(record -> record.jobs.stream()).toList();
        jobs.forEach(job -> outside.jobs().delete(migration, job));
        return jobs.stream().anyMatch(job -> outside.jobs().hasRunningPod(migration, job, seen.now()));
    }

    /** Stops whatever the migration has running: it is being deleted. */
    void stopEverything(MastodonMigration migration) {
        migration.getStatus().phases.stream().flatMap(record -> record.jobs.stream()).forEach(job -> outside.jobs().delete(migration, job));
        lasting(migration).forEach(job -> outside.jobs().delete(migration, job));
    }

    /** Jobs that outlive the phase that started them. */
    private static List<JobRecord> lasting(MastodonMigration migration) {
        var status = migration.getStatus();
        return Stream.concat(Optional.ofNullable(status.replication).stream().flatMap(replication -> replication.jobs.stream()),
                Stream.concat(Optional.ofNullable(status.standby).stream().flatMap(standby -> standby.jobs.stream()),
                        Optional.ofNullable(status.quieting).stream().flatMap(quieting -> quieting.jobs.stream()))).toList();
    }
}
