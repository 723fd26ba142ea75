package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.embedded.World;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KilledOperatorIT {
    private static final long SEED = 20261122;
    private static final Set<String> GATES = Set.of("AwaitCutover", "AwaitRetire");
    private static final int LONGEST_DELAY_MILLISECONDS = 250;

    @Test
    void anOperatorKilledInEveryPhaseLosesNothing() throws Exception {
        var random = new Random(SEED);
        var killedIn = new ArrayList<String>();
        try (var world = World.start(World.Options.SMALL.withMajors(14, 17).withSeed(SEED))) {
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
