package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.CronJob;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Whole migrations through the operator, restarted before every single look, with workers from a script. */
class MigrationFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    @Test
    void movesAnInstanceAndEndsWithEverythingProvedAndTheSourceStopped() {
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));

        var status = flow.status();
        assertThat(flow.jobs.ran).containsExactlyInAnyOrderElementsOf(ScriptedJobs.everyTask());
        assertThat(status.phases).allSatisfy(phase -> assertThat(phase.state).as(phase.name).isEqualTo(MastodonMigrationStatus.PhaseState.Succeeded));
        assertThat(status.verification.postgres.rows).isEqualTo(30);
        assertThat(status.verification.redis.keys).isEqualTo(7);
        assertThat(status.downtime.seconds).isPositive();
        assertThat(flow.condition("Ready")).startsWith("True Completed");
        assertThat(flow.condition("Reconciling")).isEmpty();
        assertThat(flow.condition("DataVerified")).startsWith("True");
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.STOPPED);
        assertThat(flow.heroku.app("example-web").maintenance()).isTrue();
        assertThat(status.source.apps.getFirst().formation).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.replicas("sidekiq-scheduler")).isEqualTo(1);
        assertThat(flow.replicas("sidekiq-default")).isEqualTo(2);
    }

    /** They delete, most of them, in what both sides share: none exists before the target takes writes, and the instance goes on with them when the migration is gone. */
    @Test
    void whatRunsByTheClockBeginsOnceTheTargetTakesWritesAndStaysInTheEnd() {
        flow.applyWithFinalizer(new FlowSpec().cronJobs(new CronJob("profiles", "30 3 * * 0", List.of("tootctl", "media", "remove", "--prune-profiles"))).spec());
        flow.until(status -> {
            assertThat(cronJobs().isEmpty() || status.downtime != null && status.downtime.targetWritableAt != null).as("one exists in " + status.phase).isTrue();
            return MastodonMigrationStatus.COMPLETED.equals(status.phase);
        });
        assertThat(cronJobs()).singleElement().satisfies(cronJob -> {
            assertThat(cronJob.getMetadata().getName()).isEqualTo(MigrationFlow.NAME + "-cron-profiles");
            assertThat(cronJob.getMetadata().getOwnerReferences()).isEmpty();
            assertThat(cronJob.getSpec().getSchedule()).isEqualTo("30 3 * * 0");
        });
        flow.client.resource(flow.read()).delete();
        flow.untilTheFinalizerGoes();
        assertThat(cronJobs()).hasSize(1);
    }

    private List<io.fabric8.kubernetes.api.model.batch.v1.CronJob> cronJobs() {
        return flow.client.batch().v1().cronjobs().inNamespace(MigrationFlow.NAMESPACE).list().getItems();
    }

    @Test
    void waitsForApprovalWithTheSourceUntouchedAndSidekiqStopped() {
        flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase) && flow.isWaitingForApproval());

        assertThat(flow.mutations()).isZero();
        assertThat(flow.condition("Ready")).startsWith("False AwaitingApproval").contains("spec.cutover.approved");
        assertThat(flow.replicas("sidekiq-default")).isZero();
        assertThat(flow.replicas("web")).isEqualTo(1);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("AwaitingApproval"));
    }

    @Test
    void aJobThatVanishesIsToldAndFollowedByAnother() {
        flow.jobs.script(Tasks.REHEARSE_POSTGRES, run -> run == 1 ? ScriptedJobs.RUNS_ON : ScriptedJobs.succeeded());
        flow.apply(Specs.valid());
        flow.until(status -> status.phases.stream().flatMap(phase -> phase.jobs.stream()).anyMatch(job -> job.task.equals(Tasks.REHEARSE_POSTGRES) && job.uid != null));
        flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).delete();
        flow.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(flow.events()).anyMatch(event -> event.startsWith("JobLost") && event.contains("rehearse-postgres"));
    }

    @Test
    void abortAtTheGateLeavesTheSourceUntouchedAndTheTargetEmpty() {
        flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.edit(Specs.with(DesiredState.Aborted));
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.mutations()).isZero();
        assertThat(flow.jobs.ran).as("our marker is taken off the source, and the copy off the target").containsSubsequence(Tasks.CLEAR_SOURCE, Tasks.RESET_TARGET);
        assertThat(flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).isEmpty();
    }

    @Test
    void theReportOfAnEvictedPodIsNotTakenForThatOfTheOneThatSucceeded() {
        flow.jobs.alsoEvicted(Tasks.VERIFY_POSTGRES, WorkerReport.retryable("evicted: half of it was compared"));
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.status().verification.postgres.rows).isEqualTo(30);
        assertThat(flow.jobs.count(Tasks.VERIFY_POSTGRES)).isEqualTo(1);
    }

    @Test
    void theWriteGateStaysWhileSomebodyRunsHerokuAgain() {
        flow.apply(new FlowSpec().retire(new Retire(false, null, false, null, null, null, null)).spec());
        flow.until(status -> "AwaitRetire".equals(status.phase));
        flow.heroku.app("example-web").formation("web", 1, "Standard-2X");
        flow.edit(new FlowSpec().retire(new Retire(true, null, false, null, null, null, null)).spec());
        flow.until(status -> "Retire".equals(status.phase) && MigrationFlow.stalled(status));
        assertThat(flow.status().phases.getLast().message).contains("something runs there again", "web=1");
        assertThat(flow.jobs.ran).doesNotContain(Tasks.RELEASE);
    }

    @Test
    void suspendedNothingBegins() {
        flow.apply(Specs.with(DesiredState.Suspended));
        flow.until(status -> flow.condition("Ready").contains("Suspended"));
        assertThat(flow.jobs.ran).isEmpty();
        flow.edit(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase));
    }

    @Test
    void noSecretReachesStatusEventsOrJobs() {
        flow.apply(new FlowSpec().retire(new Retire(false, null, false, null, null, null, null)).spec());
        flow.until(status -> "AwaitRetire".equals(status.phase) && flow.isWaitingForApproval());
        var everythingReadable = flow.read().toString() + flow.events() + flow.jobsThatAreLeft() + flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).list();
        assertThat(everythingReadable).contains(Tasks.OPEN_TARGET).doesNotContain("p4ss", "s3cr3t-base", flow.heroku.token());
    }
}
