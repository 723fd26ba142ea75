package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.approved;
import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.played.PlayedEdge;
import dev.mastodonmigration.played.Trouble;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A migration from its beginning to its end, against played systems: what it leaves, and in what order. */
class WholePlayedTest {
    @Test
    void aMigrationOfEverythingCompletesAndLeavesNothingOfOurs() {
        var played = PlayedMigration.of(live()).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.workers.targetOpen).isTrue();
        assertThat(played.compute.sidekiq).isTrue();
        assertThat(played.status.phases).filteredOn(phase -> phase.name.equals("Housekeeping")).singleElement().satisfies(phase -> assertThat(phase.message).contains("Run by the clock from now on: CronJobs example-social-cron-profiles"));
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
    void credentialsOfRunningWorkersFollowOnATimer() {
        var played = PlayedMigration.of(PlayedSpec.notApproved(live())).until(status -> "waiting for your approval".equals(status.summary));
        var before = played.workers.refreshed;
        var end = played.now.plus(Duration.ofMinutes(10));
        played.until(status -> played.now.isAfter(end));
        assertThat(played.workers.refreshed - before).isBetween(8, 11);
    }

    @Test
    void theEdgeHoldsBeforeTheSourceStopsAndLetsGoWhenTheTargetTakesWrites() {
        var played = PlayedMigration.of(PlayedSpec.route53(live()));
        var edge = new PlayedEdge(Trouble.NONE);
        played.edge = Optional.of(edge);
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(edge.asked).containsExactly("ensure", "weight 10", "weight 100", "hold", "let go to TARGET", "hand over");
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
}
