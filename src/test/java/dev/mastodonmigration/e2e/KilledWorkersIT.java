package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KilledWorkersIT {
    private static final long SEED = 20261123;
    private static final List<String> EVERY_WORKER = List.of(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET, Tasks.REHEARSE_POSTGRES, Tasks.CAPACITY, Tasks.MARK_SOURCE, Tasks.QUIET_SIDEKIQ,
            Tasks.CLOSE_SOURCE, Tasks.COPY_POSTGRES, Tasks.COPY_REDIS, Tasks.VERIFY_POSTGRES, Tasks.VERIFY_REDIS, Tasks.OPEN_TARGET, Tasks.RELEASE);
    private static final List<String> LONG = List.of(Tasks.REHEARSE_POSTGRES, Tasks.COPY_POSTGRES, Tasks.COPY_REDIS, Tasks.VERIFY_POSTGRES);
    private static final int EARLIEST_MILLISECONDS = 50;
    private static final int SPREAD_MILLISECONDS = 120;
    private static final int LATER_MILLISECONDS = 200;

    @Test
    void everyWorkerKilledOnceMidWayLosesNothing() throws Exception {
        var random = new Random(SEED);
        try (var world = World.start(World.Options.SMALL.withMajors(15, 18).withScale(4000, 4000).withSeed(SEED))) {
            var killer = WorkerKiller.of(world, EVERY_WORKER,
                    task -> Duration.ofMillis(EARLIEST_MILLISECONDS + random.nextInt(SPREAD_MILLISECONDS) + (LONG.contains(task) ? LATER_MILLISECONDS : 0)));
            EndToEnd.applyUnattended(world, EndToEnd.DUMPED);
            EndToEnd.awaitCompleted(world);
            assertThat(killer.killed()).as("seed %d", SEED).containsExactlyInAnyOrderElementsOf(EVERY_WORKER);
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }
}
