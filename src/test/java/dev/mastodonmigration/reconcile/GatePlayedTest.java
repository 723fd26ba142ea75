package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.approved;
import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedEdge;
import dev.mastodonmigration.played.Trouble;
import dev.mastodonmigration.source.Source.OwnBackups;
import dev.mastodonmigration.status.Told;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The gate and what leads from it to the clock: when the cutover begins, when it does not, and how it returns there. */
class GatePlayedTest {
    private static final String EXPORTER = "redis_exporter is connected to the source's Redis (from 10.0.0.9)";

    private static PlayedMigration behindAnEdge(MastodonMigrationSpec spec, String hold) {
        var played = PlayedMigration.of(PlayedSpec.edge(spec, hold));
        played.edge = Optional.of(new PlayedEdge(Trouble.NONE));
        played.source.trustedProxies = Map.of("TRUSTED_PROXY_IP", "10.0.0.0/8");
        return played;
    }

    private static List<String> warnings(PlayedMigration played, String origin) {
        return played.status.findings.stream().filter(finding -> finding.id.startsWith(origin + "-")).map(finding -> finding.severity + " " + finding.message).toList();
    }

    private static WorkerReport programs(String... notes) {
        return WorkerReport.succeeded("", Map.of(Figure.KEYS, 0L), List.of(notes));
    }

    @Test
    void whoWillMakeTheFreezeLongIsNamedAtTheGateUntilItHasGone() {
        var connected = new AtomicBoolean(true);
        var played = behindAnEdge(PlayedSpec.notApproved(live()), "15s");
        played.workers.script(Tasks.LOOK_FOR_PROGRAMS, run -> connected.get() ? programs(EXPORTER) : programs());
        played.until(status -> "waiting for your approval".equals(status.summary) && !warnings(played, "connected").isEmpty());
        assertThat(warnings(played, "connected")).singleElement().asString().startsWith("Warning " + EXPORTER + ", and is none of Mastodon's own by its name.")
                .contains("takes up to 30 s, longer than the 15 s for which a request waits (spec.edge.hold)", "Disconnect it before the cutover.");
        assertThat(played.told).filteredOn(told -> told.message().contains(EXPORTER)).as("told once").hasSize(1);
        var asked = played.workers.ran.stream().filter(Tasks.LOOK_FOR_PROGRAMS::equals).count();
        var since = played.now;
        played.until(status -> played.workers.ran.stream().filter(Tasks.LOOK_FOR_PROGRAMS::equals).count() >= asked + 5);
        assertThat(Duration.between(since, played.now)).as("once a minute").isBetween(Duration.ofMinutes(4), Duration.ofMinutes(7));
        connected.set(false);
        played.until(status -> warnings(played, "connected").isEmpty());
    }

    @Test
    void whereTheGateIsPassedAtOnceItIsNamedBeforeTheClockStartsAndIsNoMoreAfterTheFreeze() {
        var played = PlayedMigration.of(live());
        played.workers.script(Tasks.LOOK_FOR_PROGRAMS, run -> programs(EXPORTER));
        played.untilPhase("QuietSidekiq");
        assertThat(warnings(played, "connected")).hasSize(1);
        assertThat(played.source.stops).isZero();
        played.until(status -> status.source != null && status.source.goneAt != null);
        assertThat(warnings(played, "connected")).isEmpty();
    }

    @Test
    void thatNobodyCanBeAskedWhoIsConnectedHoldsNothingUp() {
        for (var report : List.of(WorkerReport.retryable("source Redis cannot be reached."), WorkerReport.refused("not allowed."))) {
            var played = PlayedMigration.of(live());
            played.workers.script(Tasks.LOOK_FOR_PROGRAMS, run -> report);
            played.untilPhase(MastodonMigrationStatus.COMPLETED);
            assertThat(warnings(played, "connected")).isEmpty();
        }
        var silent = PlayedMigration.of(live());
        silent.workers.silent.add(Tasks.LOOK_FOR_PROGRAMS);
        silent.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(silent.status.phases).filteredOn(phase -> phase.name.equals("StandBy")).singleElement().satisfies(phase -> assertThat(phase.attempts).isEqualTo(1));
        var played = new PlayedMigration(PlayedSpec.notApproved(live()), call -> {
            if (call.equals("workers.here")) {
                throw new OutsideException("Kubernetes refuses.", true);
            }
        });
        played.until(status -> "waiting for your approval".equals(status.summary));
    }

    @Test
    void aRequestThatCannotWaitForAsLongAsTheFreezeTakesIsSaidAtTheGateUntilItMay() {
        var played = behindAnEdge(PlayedSpec.notApproved(live()), "3s").until(status -> "waiting for your approval".equals(status.summary));
        assertThat(played.status.forecast.downtimeSeconds).isEqualTo(35);
        assertThat(warnings(played, "hold")).singleElement().asString().startsWith("Warning The rehearsal forecasts a freeze of about 5 s, without what dynos take to stop, and a request waits for 3 s at most (spec.edge.hold)")
                .endsWith("Set it to 5s.");
        played.edit(PlayedSpec.edge(PlayedSpec.notApproved(live()), "5s"));
        played.until(status -> warnings(played, "hold").isEmpty());
        assertThat(warnings(PlayedMigration.of(PlayedSpec.notApproved(live())).until(status -> "waiting for your approval".equals(status.summary)), "hold")).as("without an edge").isEmpty();
    }

    @Test
    void aFreezeThatIsLongerThanAnyRequestWaitsIsSaidToo() {
        for (var hold : List.of("15s", "60s")) {
            var played = behindAnEdge(PlayedSpec.notApproved(approved()), hold);
            played.workers.script(Tasks.REHEARSE_POSTGRES, run -> WorkerReport.succeeded("rehearsed.", Map.of(Figure.COPY_MILLISECONDS, 60_000L, Figure.VERIFY_MILLISECONDS, 20_000L)));
            played.until(status -> "waiting for your approval".equals(status.summary));
            assertThat(warnings(played, "hold")).singleElement().asString().contains("a freeze of about 95 s").endsWith(hold.equals("60s") ? "It cannot be longer." : "Set it to 60s, the most that it can be: then it is fewer of them.");
        }
    }

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
        assertThat(played.told).filteredOn(one -> one.reason().equals("ReplicationResumed")).as("and that it goes on").hasSize(1);
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

    @Test
    void theFreezeDoesNotBeginWhileTheSourcesPostgresIsBackedUp() {
        var played = PlayedMigration.of(live());
        played.source.ownBackups = new OwnBackups(List.of("Heroku makes backup b006."), Optional.empty());
        played.untilPhase("AwaitCutover").until(status -> status.phases.getLast().message.contains("b006"));
        var since = played.now;
        for (int i = 0; i < 20; i++) {
            assertThat(played.status.phase).isEqualTo("AwaitCutover");
            played.now = played.now.plus(played.step());
        }
        assertThat(played.status.phases.getLast().message).startsWith("Approved; the source runs on");
        assertThat(Duration.between(since, played.now)).as("not asked all the time").isGreaterThan(Duration.ofMinutes(9));
        assertThat(played.source.quiet).as("Sidekiq was left alone").isFalse();
        assertThat(played.condition("Stalled")).doesNotStartWith("True");
        played.source.ownBackups = OwnBackups.NONE;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void aBackupThatBeginsAfterTheGateKeepsTheClockFromStartingAndSidekiqRunsOn() {
        var played = PlayedMigration.of(live()).until(status -> status.sidekiqIsQuiet());
        played.source.ownBackups = new OwnBackups(List.of("Heroku makes backup a012."), Optional.empty());
        played.untilPhase("AwaitCutover");
        assertThat(played.status.internal.returned.reason).contains("copied", "a012");
        assertThat(played.source.stops).isZero();
        assertThat(played.source.quiet).isFalse();
        assertThat(played.status.downtime).isNull();
        played.until(status -> status.phases.getLast().message.startsWith("Approved; the source runs on"));
        played.source.ownBackups = OwnBackups.NONE;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.stops).isEqualTo(1);
    }

    @Test
    void thatNobodyTellsOfBackupsIsAWarningAndNoMoreThanThat() {
        var played = PlayedMigration.of(live());
        played.source.ownBackups = new OwnBackups(List.of(), Optional.of("Whether it is backed up cannot be asked."));
        played.until(status -> status.sidekiqIsQuiet());
        assertThat(warnings(played, "own-backup")).containsExactly("Warning Whether it is backed up cannot be asked.");
        played.until(status -> status.downtime != null && status.source.stoppedAt != null);
        assertThat(played.told).filteredOn(told -> told.message().contains("cannot be asked")).as("told once").hasSize(1);
        assertThat(warnings(played, "own-backup")).isEmpty();
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }
}
