package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KilledWorkersIT {
    private static final long SEED = 20261123;
    private static final List<String> EVERY_WORKER = List.of(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET, Tasks.REHEARSE_POSTGRES, Tasks.CAPACITY, Tasks.MARK_SOURCE, Tasks.QUIET_SIDEKIQ,
            Tasks.CLOSE_SOURCE, Tasks.COPY_POSTGRES, Tasks.COPY_REDIS, Tasks.VERIFY_POSTGRES, Tasks.VERIFY_REDIS, Tasks.OPEN_TARGET, Tasks.RELEASE);
    private static final List<String> LONG = List.of(Tasks.REHEARSE_POSTGRES, Tasks.COPY_POSTGRES, Tasks.COPY_REDIS, Tasks.VERIFY_POSTGRES);
    /** Some workers are done within half a second, the start of their JVM included. */
    private static final int EARLIEST_MILLISECONDS = 50;
    private static final int SPREAD_MILLISECONDS = 120;
    private static final int LATER_MILLISECONDS = 200;

    @Test
    void everyWorkerKilledOnceMidWayLosesNothing() throws Exception {
        var random = new Random(SEED);
        Set<String> started = ConcurrentHashMap.newKeySet();
        Set<String> killed = ConcurrentHashMap.newKeySet();
        try (var world = World.start(World.Options.SMALL.withMajors(15, 18).withScale(4000, 4000).withSeed(SEED)); var killer = Executors.newSingleThreadScheduledExecutor()) {
            world.jobRunner().onPodStarted(pod -> {
                var job = pod.getMetadata().getLabels().getOrDefault("batch.kubernetes.io/job-name", "");
                EVERY_WORKER.stream().filter(task -> job.contains("-" + task + "-") && started.add(task)).forEach(task -> killer.schedule(() -> {
                    if (world.jobRunner().kill(job::equals) > 0) {
                        killed.add(task);
                    }
                }, EARLIEST_MILLISECONDS + random.nextInt(SPREAD_MILLISECONDS) + (LONG.contains(task) ? LATER_MILLISECONDS : 0), TimeUnit.MILLISECONDS));
            });
            EndToEnd.applyUnattended(world, EndToEnd.DUMPED);
            EndToEnd.awaitCompleted(world);
            assertThat(killed).as("seed %d", SEED).containsExactlyInAnyOrderElementsOf(EVERY_WORKER);
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }
}
