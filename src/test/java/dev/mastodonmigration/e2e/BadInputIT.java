package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.embedded.World;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BadInputIT {
    @Test
    void everythingWrongIsToldInOneMessageTheSourceUntouchedAndMendedItGoesOn() throws Exception {
        try (var world = World.start(World.Options.SMALL)) {
            var mutations = world.heroku().app(World.WEB_APP).mutations();
            try (var target = world.target(); var redis = world.targetRedis().connect()) {
                target.createStatement().execute("CREATE TABLE somebody_elses (id bigint PRIMARY KEY)");
                target.createStatement().execute("INSERT INTO somebody_elses VALUES (42)");
                redis.configSet("maxmemory-policy", "allkeys-lru");
                redis.set("somebody:elses", "key");
            }
            world.heroku().app(World.WEB_APP).config("SELF_DESTRUCT", "yes");
            EndToEnd.applyUnattended(world, Map.of());
            EndToEnd.await(world, "Preflight stalls", status -> !status.phases.isEmpty() && status.phases.getLast().state == PhaseState.Stalled);

            assertThat(world.status().phases.getLast().message).contains("SELF_DESTRUCT", "somebody_elses", "somebody:elses", "allkeys-lru", "noeviction");
            assertThat(world.status().phase).isEqualTo("Preflight");
            assertThat(world.heroku().app(World.WEB_APP).mutations()).isEqualTo(mutations);
            try (var target = world.target(); var redis = world.targetRedis().connect(); var rows = target.createStatement().executeQuery("SELECT id FROM somebody_elses")) {
                assertThat(rows.next()).as("never overwritten").isTrue();
                assertThat(redis.get("somebody:elses")).isEqualTo("key");
                target.createStatement().execute("DROP TABLE somebody_elses");
                redis.del("somebody:elses");
                redis.configSet("maxmemory-policy", "noeviction");
            }
            world.heroku().app(World.WEB_APP).config("SELF_DESTRUCT", null);
            EndToEnd.await(world, "it goes on", status -> "Rehearse".equals(status.phase));
            EndToEnd.assertNothingLost(world, World.Side.SOURCE);
        }
    }
}
