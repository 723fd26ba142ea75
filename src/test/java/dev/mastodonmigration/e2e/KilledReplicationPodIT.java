package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("thorough")
class KilledReplicationPodIT {
    private static final Duration MID_WAY = Duration.ofMillis(400);

    @Test
    void onePodOfSeveralKilledWhileReplicatingFailsNothingFeedsAreBuiltAnewAndTheOldDatabaseIsBackedUpAndDeleted() throws Exception {
        try (var world = World.start(World.Options.SMALL.withScale(4000, 1000))) {
            var killer = WorkerKiller.of(world, List.of(Tasks.REPLICATE_POSTGRES), task -> MID_WAY);
            var givingUp = GivingUp.prepare(world);
            var spec = new HashMap<>(GivingUp.SPEC);
            spec.putAll(Map.of("/spec/strategy/postgres", "Live", "/spec/strategy/redis", "Rebuild"));
            EndToEnd.applyUnattended(world, spec);
            EndToEnd.awaitCompleted(world);
            assertThat(killer.killed()).containsExactly(Tasks.REPLICATE_POSTGRES);
            assertThat(world.status().internal.replicators).allMatch(replicator -> replicator.attempts == 1);
            assertThat(world.status().phases).allMatch(phase -> phase.attempts == 1);
            givingUp.assertDeletedAndBackedUp();
            // The ledger below knows every post in a feed, of before the move and after it.
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }
}
