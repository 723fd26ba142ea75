package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.approved;
import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedEdge;
import dev.mastodonmigration.played.Trouble;
import dev.mastodonmigration.status.Told;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The cutover, whole, against played systems: when it begins, when it does not, and how it goes back. */
class CutoverPlayedTest {
    @Test
    void aMigrationOfEverythingCompletesAndLeavesNothingOfOurs() {
        var played = PlayedMigration.of(live()).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.workers.targetOpen).isTrue();
        assertThat(played.compute.sidekiq).isTrue();
        assertThat(played.source.lives()).isFalse();
        assertThat(played.workers.isEmpty()).as("no Job is left").isTrue();
        assertThat(played.source.credentialsKept).as("no copy of the token is left").isFalse();
        assertThat(played.compute.smokeTestLeft).isFalse();
        assertThat(played.status.summary).isEqualTo("the instance has moved");
        assertThat(played.status.step).isEqualTo(played.status.plan.size() + "/" + played.status.plan.size());
    }

    @Test
    void dumpAndSnapshotGoTheSameWay() {
        var played = PlayedMigration.of(approved()).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.workers.ran).containsSubsequence(Tasks.CLOSE_SOURCE, Tasks.COPY_POSTGRES, Tasks.VERIFY_POSTGRES, Tasks.OPEN_TARGET, Tasks.RELEASE);
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
    void aTargetThatCannotServeIsNotOpenedAndAtTheEndOfMaxDowntimeTheSourceIsRestored() {
        var played = PlayedMigration.of(live()).untilPhase("CloseSource");
        played.compute.late = "web: ErrImagePull: no such image";
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.source.serves()).isTrue();
        assertThat(played.workers.sourceClosed).isFalse();
        assertThat(played.status.reason).contains("ErrImagePull");
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
    void anEditDuringSoakIsApplied() {
        var spec = PlayedSpec.soak(live(), "1h");
        var played = PlayedMigration.of(spec).untilPhase("Soak");
        played.edit(PlayedSpec.image(spec, "mastodon:v4.5.4"));
        played.until(status -> played.compute.deployed.equals("mastodon:v4.5.4"));
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
    void abortedAfterTheIntentToOpenGoesBackWhenTheTargetHasNotOpened() {
        var played = PlayedMigration.of(live()).until(status -> status.downtime != null && status.downtime.targetOpenedAt != null);
        played.edit(PlayedSpec.state(live(), DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.source.serves()).isTrue();
        assertThat(played.workers.sourceClosed).isFalse();
    }

    @Test
    void abortedAfterTheTargetTookWritesGoesOnAndIsToldSo() {
        var played = PlayedMigration.of(PlayedSpec.soak(live(), "1h")).until(status -> status.downtime != null && status.downtime.targetOpenedAt != null);
        // The target opened, and the operator has not heard of it yet.
        played.workers.here(Tasks.OPEN_TARGET, played.status.internal.epoch);
        played.edit(PlayedSpec.state(live(), DesiredState.Aborted));
        played.until(status -> status.downtime.targetWritableAt != null && played.compute.sidekiq);
        assertThat(played.workers.sourceClosed).as("the source stays closed").isTrue();
        assertThat(played.source.lives()).isFalse();
        played.until(status -> status.findings.stream().anyMatch(finding -> finding.id.equals(Report.ABORT_REFUSED)));
        played.edit(live());
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.status.findings).noneMatch(finding -> finding.id.equals(Report.ABORT_REFUSED));
    }

    @Test
    void whatPassesInsideTheFreezeIsWaitedForAndNotCounted() {
        var down = new AtomicReference<>("");
        var played = new PlayedMigration(live(), call -> {
            if (call.startsWith("source.alive") && !down.get().isEmpty()) {
                throw new OutsideException(down.get(), true);
            }
        }).untilPhase("Drain");
        down.set("Heroku limits the calls of this account (429).");
        for (int i = 0; i < 40; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.status.phase).isEqualTo("Drain");
        assertThat(played.status.phases.getLast().attempts).isEqualTo(1);
        assertThat(played.status.summary).startsWith("DOWN");
        down.set("");
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void aPlatformThatIsSilentAfterVerifyIsToldWithTheTwoWaysOutAndTheMigrationGoesOnByItself() {
        var down = new AtomicReference<>(Duration.ZERO);
        var played = new PlayedMigration(live(), call -> {
            if (call.startsWith("source.a") && down.get().isPositive()) {
                throw new OutsideException("Heroku's API could not be asked.", true);
            }
        }).untilPhase("GoLive");
        down.set(Duration.ofMinutes(1));
        for (int i = 0; i < 20; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.status.phases.getLast().message).contains("two ways out", "spec.state to Aborted");
        assertThat(played.told.stream().filter(one -> one.reason().equals("Waiting"))).as("told once").hasSize(1);
        down.set(Duration.ZERO);
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void goingBackNeedsNoPod() {
        var played = PlayedMigration.of(live()).untilPhase("Drain");
        played.workers.lose(Tasks.REOPEN_SOURCE);
        played.workers.podsRefused = true;
        played.edit(PlayedSpec.state(live(), DesiredState.Aborted));
        played.until(status -> played.source.serves() && !played.workers.sourceClosed);
        assertThat(played.now).as("within seconds").isBefore(Instant.parse(played.status.downtime.startedAt).plusSeconds(60));
    }

    @Test
    void abortStartsTheSourceBeforeItTidiesAnything() {
        var played = new PlayedMigration(live(), call -> {
            if (call.equals("compute.remove") || call.equals("workers.look " + Tasks.RESET_TARGET)) {
                throw new OutsideException("the target is on fire", true);
            }
        }).untilPhase("Verify");
        played.edit(PlayedSpec.state(live(), DesiredState.Aborted));
        played.until(status -> played.source.serves() && !played.workers.sourceClosed && status.downtime.finishedAt != null);
        assertThat(played.status.plan.getFirst()).isEqualTo("UndoCloseSource");
    }

    @Test
    void aDifferenceNeverOpensTheTarget() {
        var played = PlayedMigration.of(live());
        played.workers.script(Tasks.REPLICATE_POSTGRES, run -> WorkerReport.refused("1 row differs in statuses"));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.source.serves()).isTrue();
        assertThat(played.status.reason).contains("1 row differs");
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
    void credentialsOfRunningWorkersFollowOnATimer() {
        var played = PlayedMigration.of(PlayedSpec.notApproved(live())).until(status -> "waiting for your approval".equals(status.summary));
        var before = played.workers.refreshed;
        var end = played.now.plus(Duration.ofMinutes(10));
        played.until(status -> played.now.isAfter(end));
        assertThat(played.workers.refreshed - before).isBetween(8, 11);
    }

    @Test
    void aSourceThatWakesUpDuringSoakIsStoppedAgainAndTheConditionSaysSo() {
        var played = PlayedMigration.of(PlayedSpec.soak(live(), "1h")).untilPhase("Soak");
        played.source.formation.put("web", 2);
        played.until(status -> status.conditions.stream().anyMatch(condition -> condition.getType().equals("SourceFrozen") && condition.getReason().equals("Awake")));
        assertThat(played.source.awake()).isEmpty();
        assertThat(played.told).extracting(Told::reason).contains("SourceAwake");
        played.until(status -> status.conditions.stream().anyMatch(condition -> condition.getType().equals("SourceFrozen") && condition.getReason().equals("Frozen")));
    }

    @Test
    void aSourceThatWakesUpWhileRetiringWaitsForApprovalIsStoppedAgain() {
        var spec = PlayedSpec.notRetired(live());
        var played = PlayedMigration.of(spec).untilPhase("AwaitRetire");
        played.source.formation.put("worker", 1);
        played.until(status -> played.source.awake().isEmpty());
        assertThat(played.condition("SourceFrozen")).startsWith("False Awake");
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
    void whatMovesMayNotChangeWhileTheInstanceIsDown() {
        var played = PlayedMigration.of(live()).untilPhase("Drain");
        played.edit(PlayedSpec.withoutCompute(live()));
        played.movesCompute = false;
        played.until(status -> played.source.serves() && !played.workers.sourceClosed);
        assertThat(played.workers.targetOpen).isFalse();
        assertThat(played.status.reason).contains("spec.target.compute");
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
    void abortedDuringPreflightEndsAtOnceAndStaysEnded() {
        var played = PlayedMigration.of(PlayedSpec.state(live(), DesiredState.Aborted)).untilPhase(MastodonMigrationStatus.ABORTED);
        var told = played.told.size();
        for (int i = 0; i < 20; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.told).hasSize(told);
        assertThat(played.status.phase).isEqualTo(MastodonMigrationStatus.ABORTED);
    }

    @Test
    void theEdgeHoldsBeforeTheSourceStopsAndLetsGoWhenTheTargetTakesWrites() {
        var played = PlayedMigration.of(PlayedSpec.route53(live()));
        var edge = new PlayedEdge(Trouble.NONE);
        played.edge = Optional.of(edge);
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(edge.asked).containsExactly("ensure", "weight 10", "weight 100", "hold", "let go to TARGET");
    }

    @Test
    void theEdgeLetsGoToTheSourceWhenTheMigrationGoesBackAndDnsIsRestored() {
        var played = PlayedMigration.of(PlayedSpec.route53(live()));
        var edge = new PlayedEdge(Trouble.NONE);
        played.edge = Optional.of(edge);
        played.workers.script(Tasks.REPLICATE_POSTGRES, run -> WorkerReport.refused("1 row differs"));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(edge.asked).containsExactly("ensure", "weight 10", "weight 100", "hold", "let go to SOURCE", "restore");
    }

    @Test
    void databasesThatTakeTimeToBeCreatedAreWaitedForAndReleasedByAnAbort() {
        var played = PlayedMigration.of(live());
        played.postgres.looksUntilReady = 3;
        played.redis.looksUntilReleased = 3;
        played.untilPhase("Replicate");
        assertThat(played.postgres.exists).isTrue();
        played.edit(PlayedSpec.state(live(), DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.postgres.exists).isFalse();
        assertThat(played.redis.exists).isFalse();
    }

    @Test
    void dataAloneMovesAndTheSourceRunsOnWithTheNewDatabases() {
        var played = PlayedMigration.of(PlayedSpec.withoutCompute(live()));
        played.movesCompute = false;
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.source.repointed).hasSizeGreaterThanOrEqualTo(1);
        assertThat(played.status.plan).doesNotContain("DeployCompute", "SmokeTest");
    }

    @Test
    void anOperatorThatDiesBetweenEveryActAndItsStatusStillCompletes() {
        var seen = new HashSet<String>();
        var played = PlayedMigration.of(live());
        played.dies = decision -> seen.add(decision instanceof Decision.Continue going ? going.run() + going.result().message() : decision.toString());
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.workers.targetOpen).isTrue();
    }

    @Test
    void downtimeEndsWhenTheTargetTakesWritesAndSidekiqIsToldApart() {
        var played = PlayedMigration.of(live()).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.status.downtime.finishedAt).isEqualTo(played.status.downtime.targetWritableAt);
        assertThat(played.status.downtime.sidekiqStartedAt).isNotEmpty();
    }

    @Test
    void processesThatAreNoLongerListedAreProvedGoneByTheDatabasesOrWaitedFor() {
        var played = PlayedMigration.of(live());
        played.workers.script(Tasks.LOOK_FOR_CLIENTS, run -> WorkerReport.retryable("1 client is connected."));
        played.until(status -> status.source != null && status.source.goneAt != null);
        assertThat(Duration.between(Instant.parse(played.status.source.stoppedAt), Instant.parse(played.status.source.goneAt))).isGreaterThanOrEqualTo(Duration.ofSeconds(30));
        var proved = PlayedMigration.of(live()).until(status -> status.source != null && status.source.goneAt != null);
        assertThat(Duration.between(Instant.parse(proved.status.source.stoppedAt), Instant.parse(proved.status.source.goneAt))).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void aProcessThatIsListedAfterTheDatabasesWereAskedIsAskedAboutAnew() {
        var played = PlayedMigration.of(live());
        var asked = new AtomicInteger();
        played.workers.script(Tasks.LOOK_FOR_CLIENTS, run -> {
            if (played.status.source == null || played.status.source.stoppedAt == null || played.source.lives()) {
                return WorkerReport.succeeded("nobody", Map.of());
            }
            played.source.oneOff = asked.incrementAndGet() == 1; // begun just after this answer
            return asked.get() == 1 ? WorkerReport.succeeded("nobody", Map.of()) : WorkerReport.retryable("1 client is connected.");
        });
        played.until(status -> asked.get() == 1);
        played.until(status -> status.phases.stream().anyMatch(phase -> phase.message != null && phase.message.startsWith("waiting for the source's processes to stop")));
        played.source.oneOff = false; // no longer listed, and still ending
        played.until(status -> status.source.goneAt != null);
        assertThat(asked).hasValueGreaterThan(1);
        assertThat(Duration.between(Instant.parse(played.status.source.stoppedAt), Instant.parse(played.status.source.goneAt))).isGreaterThanOrEqualTo(Duration.ofSeconds(30));
    }
}
