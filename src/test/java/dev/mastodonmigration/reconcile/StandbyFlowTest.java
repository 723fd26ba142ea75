package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Instant;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The workers of the freeze stand by before the clock starts, and the freeze does without one that is lost. */
class StandbyFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    @Test
    void theWorkersOfTheFreezeStandByBeforeTheClockStartsAndDoNothingBeforeTheyAreAsked() {
        flow.jobs.held.add(Tasks.OPEN_TARGET);
        flow.apply(approved());
        flow.until(status -> "StandBy".equals(status.phase) && status.phases.getLast().message.contains("0/3 nodes are available"));
        assertThat(flow.jobs.started).containsExactlyInAnyOrder(Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET, Tasks.REOPEN_SOURCE);
        assertThat(flow.mutations()).as("the source is untouched").isZero();
        assertThat(flow.status().downtime).isNull();
        assertThat(flow.jobs.ran).doesNotContain(Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET);
        assertThat(flow.status().internal.standby.jobs).extracting(job -> job.task + " in " + job.standbyEpoch).as("the target is opened in the next epoch")
                .containsExactly("close-source in 1", "open-target in 2", "reopen-source in 1");

        flow.edit(Specs.with(DesiredState.Aborted));
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).noneMatch(job -> job.getMetadata().getName().contains("-standby-"));
        assertThat(flow.mutations()).isZero();
        assertThat(flow.jobs.ran).doesNotContain(Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET);
    }

    @Test
    void anApiServerThatRefusesTheWorkersOfTheFreezeIsToldAndTheClockDoesNotStart() {
        flow.apply(Specs.valid());
        flow.until(status -> flow.isWaitingForApproval());
        flow.refuseJobs();
        flow.edit(approved());
        flow.until(status -> status.internal.returned != null && flow.isWaitingForApproval());
        assertThat(flow.status().source).isNull();
        assertThat(flow.mutations()).isZero();
        assertThat(flow.events()).anyMatch(event -> event.startsWith("ReturnedToGate") && event.contains("exceeded quota"));
        assertThat(flow.condition("AwaitingApproval")).contains("exceeded quota");
        flow.admitJobs();
        flow.edit(new FlowSpec().soak("1s").spec());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void aWorkerOnStandbyThatVanishesInTheFreezeIsFollowedByAnOrdinaryOne() {
        var run = flow.heroku.app("example-web").oneOff("run", "rails console");
        flow.apply(approved());
        flow.until(status -> status.downtime != null);
        var jobs = flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE);
        jobs.list().getItems().stream().filter(job -> job.getMetadata().getName().contains("-standby-")).forEach(job -> jobs.resource(job).delete());
        flow.heroku.app("example-web").endOneOff(run);
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.ran).containsExactlyInAnyOrderElementsOf(ScriptedJobs.everyTask());
        assertThat(flow.status().phases).allSatisfy(phase -> assertThat(phase.attempts).as(phase.name).isEqualTo(1));
    }

    @Test
    void aWorkerOnStandbyThatFailsIsFollowedByAnOrdinaryOne() {
        flow.jobs.script(Tasks.CLOSE_SOURCE, run -> run == 1 ? WorkerReport.retryable("connection reset") : ScriptedJobs.succeeded());
        flow.jobs.script(Tasks.OPEN_TARGET, run -> run == 1 ? WorkerReport.retryable("connection reset") : ScriptedJobs.succeeded());
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.CLOSE_SOURCE)).isEqualTo(2);
        assertThat(flow.jobs.count(Tasks.OPEN_TARGET)).isEqualTo(2);
        assertThat(flow.status().phases).allSatisfy(phase -> assertThat(phase.attempts).as(phase.name).isEqualTo(1));
    }

    @Test
    void aWorkerOnStandbyThatDoesNotHearIsFollowedByAnOrdinaryOne() {
        flow.jobs.script(Tasks.VERIFY_REDIS, run -> {
            flow.jobs.silence(Tasks.OPEN_TARGET);
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.OPEN_TARGET)).isEqualTo(1);
        assertThat(flow.status().phases.stream().filter(phase -> phase.name.equals("GoLive")).findFirst().orElseThrow().jobs).extracting(job -> job.task).contains(Tasks.OPEN_TARGET);
    }

    @Test
    void aWorkerThatHeardAndFallsSilentHasTimeToSayThatItIsOver() {
        flow.jobs.busy.add(Tasks.OPEN_TARGET);
        flow.apply(approved());
        flow.until(status -> status.downtime != null && status.downtime.targetOpenedAt != null && Instant.parse(status.downtime.targetOpenedAt).plusMillis(3500).isBefore(Instant.now()));
        flow.jobs.silence(Tasks.OPEN_TARGET);
        var aSecondLater = Instant.now().plusSeconds(1);
        flow.until(status -> Instant.now().isAfter(aSecondLater));
        flow.jobs.busy.clear();
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.OPEN_TARGET)).isEqualTo(1);
        assertThat(flow.status().phases).flatExtracting(phase -> phase.jobs).extracting(job -> job.task).as("no other worker did it").doesNotContain(Tasks.OPEN_TARGET);
    }

    @Test
    void aWorkerThatHeardAndStaysSilentIsFollowedByAnOrdinaryOne() {
        flow.jobs.busy.add(Tasks.OPEN_TARGET);
        flow.apply(approved());
        flow.until(status -> status.downtime != null && status.downtime.targetOpenedAt != null && status.internal.standby.heardAt != null
                && Instant.parse(status.downtime.targetOpenedAt).isBefore(Instant.parse(status.internal.standby.heardAt)));
        flow.jobs.silence(Tasks.OPEN_TARGET);
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.OPEN_TARGET)).isEqualTo(1);
        assertThat(flow.status().phases).flatExtracting(phase -> phase.jobs).extracting(job -> job.task).as("another worker did it").contains(Tasks.OPEN_TARGET);
    }
}
