package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KilledWhileGoingBackIT {
    private static final List<String> GOING_BACK = List.of("UndoCloseSource", "UndoStopSource", "UndoDeployCompute", "UndoProvision");
    private static final List<String> WORKERS = List.of(Tasks.RESET_TARGET, Tasks.REOPEN_SOURCE);
    private static final Duration MID_WAY = Duration.ofMillis(200);

    @Test
    void operatorAndWorkersKilledWhileTheSourceIsRestoredLoseNothing() throws Exception {
        var killedIn = new HashSet<String>();
        try (var world = World.start(World.Options.SMALL)) {
            Sabotage.ofTheFirstCopy(world);
            var killer = WorkerKiller.of(world, WORKERS, task -> MID_WAY);
            EndToEnd.applyUnattended(world, EndToEnd.DUMPED);
            EndToEnd.await(world, "killed while going back, and back", status -> {
                if (status.phase != null && GOING_BACK.contains(status.phase) && killedIn.add(status.phase)) {
                    world.operator().kill();
                    world.operator().restart();
                }
                return MastodonMigrationStatus.ABORTED.equals(status.phase);
            });
            assertThat(killedIn).containsAll(List.of("UndoCloseSource", "UndoStopSource", "UndoProvision"));
            assertThat(killer.killed()).containsExactlyInAnyOrderElementsOf(WORKERS);
            assertThat(world.heroku().app(World.WEB_APP).formation()).isEqualTo(Map.of("web", 2, "worker", 1));
            assertThat(world.heroku().app(World.WEB_APP).maintenance()).isFalse();
            EndToEnd.assertNothingLost(world, World.Side.SOURCE);
        }
    }
}
