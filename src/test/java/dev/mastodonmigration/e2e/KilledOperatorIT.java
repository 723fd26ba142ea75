package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.itinerary.Itineraries;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KilledOperatorIT {
    private static final long SEED = 20261122;
    private static final int LONGEST_DELAY_MILLISECONDS = 400;

    @Test
    void anOperatorKilledInEveryPhaseLosesNothing() throws Exception {
        var random = new Random(SEED);
        var killedIn = new ArrayList<String>();
        try (var world = World.start(World.Options.SMALL.withMajors(14, 17).withSeed(SEED))) {
            EndToEnd.applyUnattended(world, Map.of("/spec/soak/duration", "3s"));
            var seen = new HashSet<String>();
            EndToEnd.await(world, "killed in every phase, completed; seed " + SEED + ", killed in " + killedIn, status -> {
                if (status.phase != null && PhaseId.of(status.phase).isPresent() && seen.add(status.phase)) {
                    pause(random.nextInt(LONGEST_DELAY_MILLISECONDS));
                    world.operator().kill();
                    killedIn.add(status.phase);
                    world.operator().restart();
                }
                return MastodonMigrationStatus.COMPLETED.equals(status.phase);
            });
            var phases = Itineraries.FORWARD.phases().stream().filter(phase -> !Itineraries.NOT_YET.contains(phase)).map(Enum::name).toList();
            assertThat(killedIn).as("seed %d", SEED).containsAll(phases.stream().filter(phase -> !phase.startsWith("Await")).toList());
            assertThat(world.status().downtime.targetOpenedAt).isNotNull();
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
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
