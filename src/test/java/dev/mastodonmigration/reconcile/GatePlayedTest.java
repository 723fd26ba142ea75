package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.status.Told;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The gate and what leads from it to the clock: when the cutover begins, when it does not, and how it returns there. */
class GatePlayedTest {
    @Test
    void theGateIsNotReadyWhileThePodsOfTheTargetAreNot() {
        var played = PlayedMigration.of(live()).untilPhase("SmokeTest");
        played.compute.late = "web: ErrImagePull: no such image";
        played.until(status -> "AwaitCutover".equals(status.phase) || status.phases.getLast().message.contains("ErrImagePull"));
        for (int i = 0; i < 50; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.source.stops).isZero();
        assertThat(played.condition("AwaitingApproval")).startsWith("False");
        played.compute.late = "";
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void podsThatFallOverAfterTheGateSendTheMigrationBackToItAndSidekiqIsRestarted() {
        var played = PlayedMigration.of(live()).until(status -> status.sidekiqIsQuiet());
        played.compute.late = "web: CrashLoopBackOff";
        played.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(played.source.stops).as("the clock did not start").isZero();
        assertThat(played.source.quiet).as("Sidekiq runs").isFalse();
        assertThat(played.status.downtime).isNull();
        assertThat(played.told).extracting(Told::reason).contains("ReturnedToGate", "SidekiqRestarted");
        assertThat(played.status.plan).noneMatch(name -> name.startsWith("Undo"));
        played.compute.late = "";
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void anImageEditedAtTheGateIsRolledOutAndTestedAgainBeforeTheGateIsReady() {
        var spec = live();
        var played = PlayedMigration.of(PlayedSpec.notApproved(spec)).until(status -> status.summary != null && status.summary.equals("waiting for your approval"));
        played.edit(PlayedSpec.image(spec, "mastodon:v4.5.4"));
        played.untilPhase("StandBy");
        assertThat(played.compute.deployed).isEqualTo("mastodon:v4.5.4");
        assertThat(played.status.internal.deployed.testedRevision).isEqualTo("mastodon:v4.5.4");
    }

    @Test
    void anImageEditedAfterTheGateGoesBackToItAndNothingRollsOutInsideTheFreeze() {
        var spec = live();
        var played = PlayedMigration.of(spec).until(status -> status.sidekiqIsQuiet());
        var ensured = played.compute.ensured;
        played.edit(PlayedSpec.image(spec, "mastodon:v4.5.4"));
        played.untilPhase("AwaitCutover");
        assertThat(played.compute.ensured).as("nothing was rolled out on the way back").isEqualTo(ensured);
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.compute.deployed).isEqualTo("mastodon:v4.5.4");
    }

    @Test
    void aSmokeTestThatFailsStallsWithItsOwnWordsAndPassesWhenFixed() {
        var played = PlayedMigration.of(live());
        played.compute.smokeTestFails = "2 migrations are pending: 20260101000000, 20260102000000.";
        played.until(status -> status.summary != null && status.summary.startsWith("Stalled") && "SmokeTest".equals(status.phase));
        assertThat(played.condition("Stalled")).contains("2 migrations are pending");
        played.compute.smokeTestFails = "";
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void aSidekiqThatDoesNotBecomeIdleReturnsToTheGateAndWaitsForAnEdit() {
        var played = PlayedMigration.of(live());
        played.workers.script(Tasks.QUIET_SIDEKIQ, run -> run == 1 ? WorkerReport.refused("Sidekiq process a is busy.") : WorkerReport.succeeded("idle.", Map.of()));
        played.until(status -> status.internal.returned != null && "AwaitCutover".equals(status.phase) && status.summary.equals("waiting for your approval"));
        assertThat(played.source.quiet).isFalse();
        assertThat(played.condition("AwaitingApproval")).contains("Sidekiq process a is busy");
        played.edit(live());
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void aReplicatorThatDiesIsStartedAgainAloneAndInSyncIsWithdrawn() {
        var played = PlayedMigration.of(PlayedSpec.notApproved(live())).until(status -> "waiting for your approval".equals(status.summary));
        var postgres = played.status.internal.replicators.stream().filter(one -> one.task.equals(Tasks.REPLICATE_POSTGRES)).findFirst().orElseThrow().job.name;
        assertThat(played.condition("InSync")).startsWith("True");
        played.workers.lose(Tasks.REPLICATE_REDIS);
        played.until(status -> status.internal.inSyncSince == null);
        assertThat(played.condition("InSync")).startsWith("False");
        assertThat(played.condition("AwaitingApproval")).as("not ready while it is not true").startsWith("False");
        played.until(status -> "waiting for your approval".equals(status.summary));
        assertThat(played.status.internal.replicators).filteredOn(one -> one.task.equals(Tasks.REPLICATE_POSTGRES)).extracting(one -> one.job.name).containsExactly(postgres);
        assertThat(played.told).filteredOn(one -> one.reason().equals("ReplicationInterrupted")).hasSize(1);
    }

    @Test
    void aSidekiqThatSomebodyStartsOnTheTargetKeepsTheGateAndTheOpening() {
        var played = PlayedMigration.of(live()).untilPhase("SmokeTest");
        played.compute.sidekiq = true;
        for (int i = 0; i < 50; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.source.stops).isZero();
        played.compute.sidekiq = false;
        played.untilPhase("Verify");
        played.compute.sidekiq = true;
        for (int i = 0; i < 20; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.status.phases.getLast().message).contains("Sidekiq on the target");
    }

    @Test
    void replicationIsLookedAfterWhileTheMigrationIsSuspended() {
        var played = PlayedMigration.of(PlayedSpec.notApproved(live())).until(status -> "waiting for your approval".equals(status.summary));
        played.edit(PlayedSpec.state(PlayedSpec.notApproved(live()), DesiredState.Suspended));
        played.until(status -> "suspended".equals(status.summary));
        played.workers.lose(Tasks.REPLICATE_REDIS);
        played.until(status -> status.internal.inSyncSince == null);
        played.until(status -> status.internal.inSyncSince != null);
        assertThat(played.status.summary).isEqualTo("suspended");
    }

    @Test
    void aPostgresThatMovesJustBeforeTheClockIsWaitedForUntilEveryWorkerHasItsAddress() {
        var played = PlayedMigration.of(live()).until(status -> status.sidekiqIsQuiet());
        played.source.postgresHost = "promoted";
        var moved = played.now;
        played.untilPhase("AwaitCutover");
        assertThat(played.status.internal.returned.reason).contains("moved", "promoted:5432");
        assertThat(played.source.quiet).isFalse();
        played.until(status -> status.downtime != null);
        assertThat(Duration.between(moved, played.now)).isGreaterThan(Duration.ofMinutes(3));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }
}
