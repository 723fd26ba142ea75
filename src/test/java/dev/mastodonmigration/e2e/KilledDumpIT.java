package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("thorough")
@Tag("longest")
class KilledDumpIT {
    private static final long SEED = 20261122;
    private static final Set<String> GATES = Set.of("AwaitCutover", "AwaitRetire");
    private static final int LONGEST_DELAY_MILLISECONDS = 250;
    private static final List<String> EVERY_WORKER = List.of(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET, Tasks.REHEARSE_POSTGRES, Tasks.CAPACITY, Tasks.MARK_SOURCE, Tasks.QUIET_SIDEKIQ,
            Tasks.CLOSE_SOURCE, Tasks.COPY_POSTGRES, Tasks.COPY_REDIS, Tasks.VERIFY_POSTGRES, Tasks.VERIFY_REDIS, Tasks.OPEN_TARGET, Tasks.RELEASE);
    private static final List<String> LONG = List.of(Tasks.REHEARSE_POSTGRES, Tasks.COPY_POSTGRES, Tasks.COPY_REDIS, Tasks.VERIFY_POSTGRES);
    private static final int EARLIEST_MILLISECONDS = 50;
    private static final int SPREAD_MILLISECONDS = 120;
    private static final int LATER_MILLISECONDS = 200;

    @Test
    void theOperatorKilledInEveryPhaseAndEveryWorkerOnceLoseNothing() throws Exception {
        var random = new Random(SEED);
        var killedIn = new ArrayList<String>();
        try (var world = World.start(World.Options.SMALL.withMajors(14, 18).withScale(4000, 4000).withSeed(SEED))) {
            var killer = WorkerKiller.of(world, EVERY_WORKER,
                    task -> Duration.ofMillis(EARLIEST_MILLISECONDS + random.nextInt(SPREAD_MILLISECONDS) + (LONG.contains(task) ? LATER_MILLISECONDS : 0)));
            var changes = new TreeMap<>(EndToEnd.DUMPED);
            changes.putAll(Map.of("/spec/soak/duration", "3s", "/spec/cutover/approved", "false", "/spec/retire/approved", "false"));
            EndToEnd.applyUnattended(world, changes);
            var seen = new HashSet<String>();
            EndToEnd.await(world, "killed in every phase, completed; seed " + SEED + ", killed in " + killedIn, status -> {
                if (status.phase != null && PhaseId.of(status.phase).isPresent() && seen.add(status.phase)) {
                    pause(GATES.contains(status.phase) ? 0 : random.nextInt(LONGEST_DELAY_MILLISECONDS));
                    world.operator().kill();
                    killedIn.add(world.status().phase);
                    world.operator().restart();
                    approve(world, status.phase);
                }
                return MastodonMigrationStatus.COMPLETED.equals(status.phase);
            });
            assertThat(killedIn).as("seed %d", SEED).containsAll(world.status().plan);
            assertThat(killer.killed()).as("seed %d", SEED).containsExactlyInAnyOrderElementsOf(EVERY_WORKER);
            assertThat(world.status().downtime.targetOpenedAt).isNotNull();
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }

    /** The gates stay shut until the operator was killed in front of them. */
    private static void approve(World world, String phase) {
        if (phase.equals("AwaitCutover")) {
            world.edit(Map.of("/spec/cutover/approved", "true"));
        } else if (phase.equals("AwaitRetire")) {
            world.edit(Map.of("/spec/retire/approved", "true"));
        }
    }

    /** Where in the phase the kill comes is part of the chaos, not a wait for something. */
    private static void pause(long milliseconds) {
        try {
            assertThat(new CountDownLatch(1).await(milliseconds, TimeUnit.MILLISECONDS)).isFalse();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
