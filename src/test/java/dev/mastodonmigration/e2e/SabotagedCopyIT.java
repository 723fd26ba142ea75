package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("thorough")
class SabotagedCopyIT {
    private static final List<String> GOING_BACK = List.of("UndoCloseSource", "UndoStopSource", "UndoDeployCompute", "UndoProvision");
    private static final List<String> WORKERS = List.of(Tasks.RESET_TARGET, Tasks.REOPEN_SOURCE);
    private static final Duration MID_WAY = Duration.ofMillis(200);

    /** Operator and workers are killed on the way back. */
    @Test
    void aSabotagedCopyKeepsTheTargetClosedAndTheSourceGoesOnAndTheNextMigrationSucceeds() throws Exception {
        var killedIn = new HashSet<String>();
        try (var world = World.start(World.Options.SMALL)) {
            Sabotage.ofTheFirstCopy(world);
            var killer = WorkerKiller.of(world, WORKERS, task -> MID_WAY);
            EndToEnd.applyUnattended(world, EndToEnd.DUMPED);
            EndToEnd.await(world, "killed while going back, and the source is restored", status -> {
                if (status.phase != null && GOING_BACK.contains(status.phase) && killedIn.add(status.phase)) {
                    world.operator().kill();
                    world.operator().restart();
                }
                return MastodonMigrationStatus.ABORTED.equals(status.phase);
            });
            assertThat(killedIn).containsAll(List.of("UndoCloseSource", "UndoStopSource", "UndoProvision"));
            assertThat(killer.killed()).containsExactlyInAnyOrderElementsOf(WORKERS);

            assertThat(world.status().reason).contains("Verify", "table statuses differs", "is missing on the target");
            assertThat(world.status().downtime.targetOpenedAt).isNull();
            assertThat(world.heroku().app(World.WEB_APP).formation()).isEqualTo(Map.of("web", 2, "worker", 1));
            assertThat(world.heroku().app(World.WEB_APP).maintenance()).isFalse();
            assertThat(tables(world)).as("nothing of the copy is left").isZero();
            try (var source = world.source(); var schemas = source.createStatement().executeQuery("SELECT count(*) FROM pg_namespace WHERE nspname = 'mastodon_migration'")) {
                schemas.next();
                assertThat(schemas.getInt(1)).as("nothing of ours is left on the source").isZero();
            }
            EndToEnd.assertNothingLost(world, World.Side.SOURCE);

            world.client().resource(world.migration()).delete();
            Awaitility.await("the resource is gone").atMost(Duration.ofSeconds(30)).until(
                    () -> world.client().resources(MastodonMigration.class).inNamespace(World.NAMESPACE).withName(World.NAME).get() == null);
            EndToEnd.applyUnattended(world, EndToEnd.DUMPED);
            EndToEnd.awaitCompleted(world);
            assertThat(world.status().phases).allMatch(phase -> phase.state == PhaseState.Succeeded);
            assertThat(world.status().verification.postgres.rows).isPositive();
            assertThat(world.users().measured().outage()).isPresent();
            assertThat(world.heroku().app(World.WEB_APP).formation()).containsEntry("web", 0).containsEntry("worker", 0);
            assertThat(world.heroku().app(World.WEB_APP).maintenance()).isTrue();
            EndToEnd.assertNothingLost(world, World.Side.TARGET);

            try (var target = world.target(); var statement = target.createStatement()) {
                statement.executeUpdate("DELETE FROM statuses WHERE uri IN (SELECT uri FROM statuses WHERE uri LIKE 'https://example.social/live/%' LIMIT 5)");
            }
            assertThat(world.losses(World.Side.TARGET)).as("the judge sees a copy that lost posts").anyMatch(loss -> loss.startsWith("statuses "));
        }
    }

    private static int tables(World world) throws SQLException {
        try (var target = world.target(); var count = target.createStatement().executeQuery("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                + "WHERE n.nspname IN ('public', 'mastodon_migration') AND c.relkind IN ('r', 'p', 'm', 'S')")) {
            count.next();
            return count.getInt(1);
        }
    }
}
