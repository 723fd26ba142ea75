package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("thorough")
class KilledLiveIT {
    private static final List<String> LIVE_WORKERS = List.of(Tasks.INSTALL_CAPTURE, Tasks.REPLICATE_POSTGRES, Tasks.REPLICATE_REDIS, Tasks.HOUSEKEEP_POSTGRES);
    /** In which the operator is killed: those that a dump does not have, or has otherwise. */
    private static final Set<String> LIVE_PHASES = Set.of("Rehearse", "Replicate", "StandBy", "Drain", "Verify", "GoLive", "Housekeeping");
    private static final Duration MID_WAY = Duration.ofMillis(400);
    private static final Duration SOON = Duration.ofMillis(120);

    @Test
    void operatorAndLiveWorkersKilledLoseNothing() throws Exception {
        var killedIn = new HashSet<String>();
        try (var world = World.start(World.Options.SMALL.withScale(3000, 3000))) {
            var killer = WorkerKiller.of(world, LIVE_WORKERS, task -> task.startsWith("replicate") ? MID_WAY : SOON);
            EndToEnd.applyUnattended(world, EndToEnd.LIVE);
            EndToEnd.await(world, "killed in every live phase, completed; killed in " + killedIn, status -> {
                if (status.phase != null && LIVE_PHASES.contains(status.phase) && killedIn.add(status.phase)) {
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
