package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** One whole migration of a live instance, through the packaged operator and its Jobs as processes. */
class MigrationIT {
    private static final Duration PATIENCE = Duration.ofSeconds(150);

    @Test
    void aLiveInstanceMovesAndNothingIsLost() throws SQLException {
        try (var world = World.start(World.Options.SMALL)) {
            world.apply(world.example(Map.of("/spec/cutover/automatic", "true", "/spec/soak/duration", "1s", "/spec/retire/approved", "true",
                    "/spec/strategy/postgres", "Dump", "/spec/strategy/redis", "Snapshot")));
            await(world);

            assertThat(world.status().phases).allMatch(phase -> phase.state == PhaseState.Succeeded);
            assertThat(world.status().verification.postgres.rows).isPositive();
            assertThat(world.jobRunner().violations()).isEmpty();
            assertThat(world.users().broken()).isEmpty();
            var acknowledged = world.ledger().acknowledged();
            Awaitility.await("users write on the target").until(() -> world.ledger().acknowledged() > acknowledged + 20);
            assertThat(world.users().measured().outage()).isPresent();
            assertThat(world.jobs().complaints()).isEmpty();
            assertThat(world.losses(World.Side.TARGET)).isEmpty();
            assertThat(world.instance().overlaps()).isEmpty();
            assertThat(world.heroku().app(World.WEB_APP).formation()).containsEntry("web", 0).containsEntry("worker", 0);
            assertThat(world.heroku().app(World.WEB_APP).maintenance()).isTrue();

            sabotage(world);
            assertThat(world.losses(World.Side.TARGET)).as("the judge sees a copy that lost posts").anyMatch(loss -> loss.startsWith("statuses "));
        }
    }

    private static void sabotage(World world) throws SQLException {
        try (var target = world.target(); var statement = target.createStatement()) {
            var deleted = statement.executeUpdate("DELETE FROM statuses WHERE uri IN (SELECT uri FROM statuses WHERE uri LIKE '" + LiveTables.URI_PREFIX + "%' LIMIT 5)");
            assertThat(deleted).isEqualTo(5);
        }
    }

    private static void await(World world) {
        try {
            world.awaitPhase(MastodonMigrationStatus.COMPLETED, PATIENCE);
        } catch (RuntimeException e) {
            throw new AssertionError(e.getMessage() + "\n" + world.describe(), e);
        }
    }
}
