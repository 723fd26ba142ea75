package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.embedded.World;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Postgres, Redis and compute as three migrations one after another, under users who write all the time. */
@Tag("thorough")
@Tag("longest")
class DataFirstIT {
    @Test
    void postgresThenRedisThenComputeMoveAndNothingIsLost() throws Exception {
        try (var world = World.start(World.Options.SMALL)) {
            var apps = List.of(world.heroku().app(World.WEB_APP), world.heroku().app(World.STREAMING_APP));
            world.attachPostgres();
            var formation = apps.getFirst().formation();

            move(world, "redis", "compute");
            assertThat(ports(apps, "DATABASE_URL")).containsOnly(world.targetPostgres().port());
            assertThat(apps.getFirst().attachments()).singleElement().asString().startsWith("MIGRATED_");
            assertThat(apps.getFirst().formation()).isEqualTo(formation);

            move(world, "postgres", "compute");
            assertThat(ports(apps, "DATABASE_URL")).containsOnly(world.targetPostgres().port());
            assertThat(ports(apps, "REDIS_URL")).containsOnly(world.targetRedis().port());
            assertThat(apps.getFirst().formation()).isEqualTo(formation);

            move(world, "postgres", "redis");
            assertThat(apps.getFirst().maintenance()).isTrue();
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }

    private static List<Integer> ports(List<HerokuStubApp> apps, String variable) {
        return apps.stream().map(app -> URI.create(app.configVars().get(variable)).getPort()).toList();
    }

    /** The one before is done, and makes room. @param stays what of the target does not move this time */
    private static void move(World world, String... stays) {
        world.delete();
        var changes = new TreeMap<>(EndToEnd.LIVE);
        changes.putAll(Map.of("/spec/rehearsal/enabled", "false", "/spec/retire/formation", "false"));
        for (var part : stays) {
            changes.put("/spec/target/" + part, "");
        }
        EndToEnd.applyUnattended(world, changes);
        EndToEnd.awaitCompleted(world);
        var before = world.ledger().acknowledged();
        Awaitility.await("users write").atMost(Duration.ofMinutes(1)).until(() -> world.ledger().acknowledged() > before);
    }
}
