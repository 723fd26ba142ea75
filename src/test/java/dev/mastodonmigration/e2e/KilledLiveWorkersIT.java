package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KilledLiveWorkersIT {
    private static final List<String> LIVE_WORKERS = List.of(Tasks.INSTALL_CAPTURE, Tasks.REPLICATE_POSTGRES, Tasks.REPLICATE_REDIS, Tasks.HOUSEKEEP_POSTGRES);
    private static final long MID_WAY_MILLISECONDS = 400;
    private static final long SOON_MILLISECONDS = 120;

    @Test
    void operatorAndLiveWorkersKilledLoseNothing() throws Exception {
        Set<String> started = ConcurrentHashMap.newKeySet();
        Set<String> killed = ConcurrentHashMap.newKeySet();
        var killedIn = new HashSet<String>();
        try (var world = World.start(World.Options.SMALL.withScale(3000, 3000)); var killer = Executors.newSingleThreadScheduledExecutor()) {
            world.jobRunner().onPodStarted(pod -> {
                var job = pod.getMetadata().getLabels().getOrDefault("batch.kubernetes.io/job-name", "");
                LIVE_WORKERS.stream().filter(task -> job.contains("-" + task + "-") && started.add(task)).forEach(task -> killer.schedule(() -> {
                    if (world.jobRunner().kill(job::equals) > 0) {
                        killed.add(task);
                    }
                }, task.startsWith("replicate") ? MID_WAY_MILLISECONDS : SOON_MILLISECONDS, TimeUnit.MILLISECONDS));
            });
            EndToEnd.applyUnattended(world, EndToEnd.LIVE);
            EndToEnd.await(world, "killed in every phase of a live migration, completed; killed in " + killedIn, status -> {
                if (status.phase != null && PhaseId.of(status.phase).isPresent() && killedIn.add(status.phase)) {
                    world.operator().kill();
                    world.operator().restart();
                }
                return MastodonMigrationStatus.COMPLETED.equals(status.phase);
            });
            assertThat(killed).containsExactlyInAnyOrderElementsOf(LIVE_WORKERS);
            assertThat(killedIn).contains("Replicate", "StandBy", "Drain", "GoLive", "Housekeeping");
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }
}
