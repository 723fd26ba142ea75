package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
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

class KilledWhileGoingBackIT {
    private static final List<String> GOING_BACK = List.of("UndoCloseSource", "UndoStopSource", "UndoDeployCompute", "UndoProvision");
    private static final long MID_WAY_MILLISECONDS = 200;

    @Test
    void operatorAndWorkersKilledWhileTheSourceIsRestoredLoseNothing() throws Exception {
        Set<String> killedWorkers = ConcurrentHashMap.newKeySet();
        var killedIn = new HashSet<String>();
        try (var world = World.start(World.Options.SMALL); var killer = Executors.newSingleThreadScheduledExecutor()) {
            Sabotage.ofTheFirstCopy(world);
            world.jobRunner().onPodStarted(pod -> {
                var job = pod.getMetadata().getLabels().getOrDefault("batch.kubernetes.io/job-name", "");
                List.of(Tasks.RESET_TARGET).stream().filter(task -> job.contains("-" + task + "-1-")).forEach(task -> killer.schedule(() -> {
                    if (world.jobRunner().kill(job::equals) > 0) {
                        killedWorkers.add(task);
                    }
                }, MID_WAY_MILLISECONDS, TimeUnit.MILLISECONDS));
            });
            EndToEnd.applyUnattended(world, EndToEnd.DUMPED);
            EndToEnd.await(world, "killed while going back, and back", status -> {
                if (status.phase != null && GOING_BACK.contains(status.phase) && killedIn.add(status.phase)) {
                    if (status.phase.equals("UndoCloseSource") && world.jobRunner().kill(job -> job.contains("-" + Tasks.REOPEN_SOURCE + "-")) > 0) {
                        killedWorkers.add(Tasks.REOPEN_SOURCE);
                    }
                    world.operator().kill();
                    world.operator().restart();
                }
                return MastodonMigrationStatus.ABORTED.equals(status.phase);
            });
            assertThat(killedIn).containsAll(List.of("UndoCloseSource", "UndoStopSource", "UndoProvision"));
            assertThat(killedWorkers).containsExactlyInAnyOrder(Tasks.REOPEN_SOURCE, Tasks.RESET_TARGET);
            assertThat(world.heroku().app(World.WEB_APP).formation()).isEqualTo(Map.of("web", 2, "worker", 1));
            assertThat(world.heroku().app(World.WEB_APP).maintenance()).isFalse();
            EndToEnd.assertNothingLost(world, World.Side.SOURCE);
        }
    }
}
