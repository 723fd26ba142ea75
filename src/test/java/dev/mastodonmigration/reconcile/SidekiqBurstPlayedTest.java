package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Compute;
import dev.mastodonmigration.api.MastodonMigrationSpec.Kubernetes;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationSpec.Sidekiq;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Told;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Sidekiq has more pods after the move until its queues are level. */
class SidekiqBurstPlayedTest {
    static MastodonMigrationSpec spec(MastodonMigrationSpec of) {
        var sidekiq = List.of(new Sidekiq("default", List.of("default,8", "push"), 5, 2, 6, null), new Sidekiq("scheduler", List.of("scheduler"), 1, 1, null, null));
        var target = new Target(of.target().postgres(), of.target().redis(), new Compute(new Kubernetes(null, null, sidekiq, null, null, null, null), null), null);
        return new MastodonMigrationSpec(of.instance(), of.source(), target, of.aws(), of.edge(), of.strategy(), of.rehearsal(), of.cutover(), of.soak(), of.retire(), of.state());
    }

    private static WorkerReport waited(Map<String, Long> seconds) {
        return WorkerReport.succeeded("", seconds);
    }

    private static MastodonMigrationSpec soaking(String duration) {
        return spec(PlayedSpec.soak(live(), duration));
    }

    private static void whatWaits(PlayedMigration played, long seconds) {
        played.workers.script(Tasks.LOOK_AT_QUEUES, run -> waited(Map.of("push", seconds, "default", 1L)));
    }

    @Test
    void itHasMorePodsFromHousekeepingUntilTwoLooksFoundNoJobThatWaitedForAMinute() {
        var played = PlayedMigration.of(soaking("72h"));
        played.until(status -> {
            assertThat(played.compute.burst && status.downtime.targetWritableAt == null).as("never before the target takes writes").isFalse();
            return status.phase.equals("Soak");
        });
        assertThat(played.compute.burst).isTrue();
        whatWaits(played, 61);
        played.until(status -> played.now.isAfter(Instant.parse(status.internal.burst.startedAt).plus(Duration.ofMinutes(30))));
        assertThat(played.compute.burst).isTrue();
        // That of queues which it does not serve says nothing.
        played.workers.script(Tasks.LOOK_AT_QUEUES, run -> waited(Map.of("push", 59L, "mailers", 9999L)));
        var begin = played.now;
        played.until(status -> status.internal.burst.endedAt != null);
        assertThat(played.compute.burst).isFalse();
        assertThat(Duration.between(begin, played.now)).as("two looks, a minute apart").isBetween(Duration.ofMinutes(1), Duration.ofMinutes(5));
        assertThat(played.told).filteredOn(told -> told.reason().equals("SidekiqBurst")).extracting(Told::message).anySatisfy(message -> assertThat(message).contains("example-social-sidekiq-default"))
                .anySatisfy(message -> assertThat(message).endsWith("Sidekiq runs with its usual number of pods again. Its queues are level.")).hasSize(2);
        played.until(status -> played.now.isAfter(begin.plus(Duration.ofHours(3))));
        assertThat(played.compute.bursts).as("once").isEqualTo(1);
    }

    @Test
    void oneLookInBetweenThatIsNotLevelBeginsTheCountAnew() {
        var played = PlayedMigration.of(soaking("72h")).untilPhase("Soak");
        played.workers.script(Tasks.LOOK_AT_QUEUES, run -> waited(Map.of("push", run % 2 == 0 ? 0L : 100L)));
        played.until(status -> status.internal.burst.endedAt != null);
        assertThat(played.now).isAfter(Instant.parse(played.status.internal.burst.startedAt).plus(Duration.ofHours(2)).minusSeconds(1));
    }

    @Test
    void afterTwoHoursItEndsAlsoWhereNobodyKnowsHowLongJobsWait() {
        var played = PlayedMigration.of(soaking("72h")).untilPhase("Soak");
        played.workers.script(Tasks.LOOK_AT_QUEUES, run -> WorkerReport.retryable("Redis does not answer"));
        played.until(status -> status.internal.burst.endedAt != null);
        assertThat(played.compute.burst).isFalse();
        assertThat(Duration.between(Instant.parse(played.status.internal.burst.startedAt), played.now)).isBetween(Duration.ofHours(2), Duration.ofHours(2).plusMinutes(2));
        assertThat(played.told.stream().map(Told::message)).anyMatch(message -> message.contains("Two hours are over"));
    }

    @Test
    void whatSomebodyScaledByHandIsLeftAndTold() {
        var played = PlayedMigration.of(soaking("72h")).untilPhase("Soak");
        played.compute.scaledByHand = true;
        whatWaits(played, 0);
        played.until(status -> status.internal.burst.endedAt != null);
        assertThat(played.status.findings).filteredOn(finding -> finding.id.startsWith("sidekiq-burst")).singleElement().satisfies(finding -> assertThat(finding.message).startsWith("Somebody scaled example-social-sidekiq-default by hand"));
    }

    @Test
    void anOperatorThatDiesAtAnyLookBeginsItOnceAndEndsIt() {
        for (var nth = 0; nth < 12; nth++) {
            var played = PlayedMigration.of(soaking("72h"));
            played.until(status -> "Housekeeping".equals(status.phase));
            whatWaits(played, 0);
            var left = new int[] {nth};
            played.dies = decision -> left[0]-- == 0;
            played.until(status -> status.internal.burst != null && status.internal.burst.endedAt != null);
            assertThat(played.compute.burst).as("dead at " + nth).isFalse();
            assertThat(played.compute.bursts).as("dead at " + nth).isEqualTo(1);
        }
    }

    @Test
    void aShortSoakHandsItOnToTheGateAndRetireEndsItAtTheLatest() {
        var waiting = PlayedMigration.of(spec(PlayedSpec.retire(PlayedSpec.soak(live(), "0s"), new Retire(false, null, true, null, null, null, null)))).untilPhase("AwaitRetire");
        assertThat(waiting.compute.burst).isTrue();
        whatWaits(waiting, 0);
        waiting.until(status -> status.internal.burst.endedAt != null);
        assertThat(waiting.compute.burst).isFalse();

        var retiring = PlayedMigration.of(soaking("0s"));
        whatWaits(retiring, 100);
        retiring.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(retiring.compute.burst).isFalse();
        assertThat(retiring.compute.bursts).isEqualTo(1);
    }

    @Test
    void whoMayNotScaleHoldsNothingUp() {
        var played = new PlayedMigration(soaking("1h"), call -> {
            if (call.equals("compute.burstSidekiq")) {
                throw new OutsideException("forbidden", false);
            }
        }).untilPhase("Soak");
        assertThat(played.status.findings).anySatisfy(finding -> assertThat(finding.message).contains("burstReplicas", "forbidden"));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
    }

    @Test
    void withoutBurstReplicasNothingChanges() {
        var played = PlayedMigration.of(PlayedSpec.soak(live(), "1h")).untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.compute.bursts).isZero();
        assertThat(played.status.internal.burst).isNull();
        assertThat(played.workers.ran).doesNotContain(Tasks.LOOK_AT_QUEUES);
    }
}
