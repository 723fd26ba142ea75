package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class KilledReplicationPodIT {
    private static final long MID_WAY_MILLISECONDS = 400;

    @Test
    void onePodOfSeveralKilledWhileReplicatingFailsNothingAndFeedsAreBuiltAnew() throws Exception {
        var killed = new AtomicInteger();
        try (var world = World.start(World.Options.SMALL.withScale(4000, 1000)); var killer = Executors.newSingleThreadScheduledExecutor()) {
            world.jobRunner().onPodStarted(pod -> {
                if (pod.getMetadata().getName().contains("-" + Tasks.REPLICATE_POSTGRES + "-1-") && killed.compareAndSet(0, -1)) {
                    killer.schedule(() -> killed.set(world.jobRunner().killOne(job -> job.contains(Tasks.REPLICATE_POSTGRES))), MID_WAY_MILLISECONDS, TimeUnit.MILLISECONDS);
                }
            });
            EndToEnd.applyUnattended(world, Map.of("/spec/strategy/postgres", "Live", "/spec/strategy/redis", "Rebuild"));
            EndToEnd.awaitCompleted(world);
            assertThat(killed).hasValue(1);
            assertThat(world.status().internal.replicators).allMatch(replicator -> replicator.attempts == 1);
            assertThat(world.status().phases).allMatch(phase -> phase.attempts == 1);
            // The ledger below knows every post in a feed, of before the move and after it.
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }
}
