package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedEdge;
import dev.mastodonmigration.played.Trouble;
import dev.mastodonmigration.status.Told;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The way back, from every place where there is one. */
class GoingBackPlayedTest {
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
    void machinesThatTakeTimeToGoAreWaitedForByAnAbortBeforeTheirDatabasesAre() {
        var played = PlayedMigration.of(live()).untilPhase("AwaitCutover");
        played.compute.looksUntilRemoved = 3;
        played.edit(PlayedSpec.state(live(), DesiredState.Aborted));
        played.until(status -> "UndoDeployCompute".equals(status.phase) && status.summary.contains("a machine is being removed"));
        played.until(status -> !"UndoDeployCompute".equals(status.phase));
        assertThat(played.compute.deployed).as("nothing else is undone before").isEmpty();
        assertThat(played.compute.looksUntilRemoved).isNegative();
        played.untilPhase(MastodonMigrationStatus.ABORTED);
    }

    @Test
    void machinesThatTakeTimeToComeAreWaitedForAndAnAbortMeanwhileRemovesThem() {
        var played = PlayedMigration.of(live());
        played.compute.looksUntilCreated = 1000;
        played.until(status -> "DeployCompute".equals(status.phase) && status.summary.contains("a machine is being created"));
        assertThat(played.status.internal.deployed).as("nothing is deployed yet").isNull();
        played.edit(PlayedSpec.state(live(), DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(played.told).extracting(Told::message).anyMatch(message -> message.contains("Nothing of it is left."));
    }

    @Test
    void whatSomebodysReadingKeepsOnTheSourceIsTakenOffOnceTheInstanceRunsAgain() {
        var played = PlayedMigration.of(live()).untilPhase("Drain");
        played.workers.script(Tasks.REOPEN_SOURCE, run -> WorkerReport.succeeded("open again", Map.of(Figure.TRACES_LEFT, 1L)));
        var servedAtFirst = new AtomicBoolean();
        played.workers.script(Tasks.CLEAR_SOURCE, run -> {
            servedAtFirst.set(played.source.serves());
            return run < 3 ? WorkerReport.retryable("read by pid 7") : WorkerReport.succeeded("clear", Map.of());
        });
        played.edit(PlayedSpec.state(live(), DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(servedAtFirst).isTrue();
        assertThat(played.workers.ran).containsSubsequence(Tasks.REOPEN_SOURCE, Tasks.CLEAR_SOURCE, Tasks.CLEAR_SOURCE, Tasks.CLEAR_SOURCE);
        assertThat(played.told).extracting(Told::message).anyMatch(message -> message.contains("read by pid 7"));
    }
}
