package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class KilledLiveWorkersIT {
    private static final List<String> LIVE_WORKERS = List.of(Tasks.INSTALL_CAPTURE, Tasks.REPLICATE_POSTGRES, Tasks.REPLICATE_REDIS, Tasks.HOUSEKEEP_POSTGRES);
    private static final Duration MID_WAY = Duration.ofMillis(400);
    private static final Duration SOON = Duration.ofMillis(120);

    @Test
    void operatorAndLiveWorkersKilledLoseNothing() throws Exception {
        var killedIn = new HashSet<String>();
        try (var world = World.start(World.Options.SMALL.withScale(3000, 3000))) {
            var killer = WorkerKiller.of(world, LIVE_WORKERS, task -> task.startsWith("replicate") ? MID_WAY : SOON);
            EndToEnd.applyUnattended(world, EndToEnd.LIVE);
            EndToEnd.await(world, "killed in every phase of a live migration, completed; killed in " + killedIn, status -> {
                if (status.phase != null && PhaseId.of(status.phase).isPresent() && killedIn.add(status.phase)) {
                    world.operator().kill();
                    world.operator().restart();
                }
                return MastodonMigrationStatus.COMPLETED.equals(status.phase);
            });
            assertThat(killer.killed()).containsExactlyInAnyOrderElementsOf(LIVE_WORKERS);
            assertThat(killedIn).contains("Replicate", "StandBy", "Drain", "GoLive", "Housekeeping");
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }
}
