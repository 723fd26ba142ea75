package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Weeks may pass between claim and load: what others put on the target meanwhile is theirs. */
@ExtendWith(SharedPostgres.class)
class StillEmptyTest {
    @Test
    void whatOthersPutOnTheClaimedTargetStopsTheLoadAndStays() throws Exception {
        var world = claimed();
        world.onTarget("CREATE TABLE precious AS SELECT 1 AS one", "CREATE SCHEMA reports", "CREATE TABLE reports.daily AS SELECT 2 AS two");
        assertThatThrownBy(() -> world.run(new PostgresCapacity())).isInstanceOf(Refusal.class)
                .hasMessageContaining("table public.precious").hasMessageContaining("schema reports").hasMessageContaining("another database");
        world.closeSource();
        assertThatThrownBy(() -> world.run(new CopyPostgres())).isInstanceOf(Refusal.class).hasMessageContaining("table public.precious");
        assertPrecious(world);

        world.onTarget("DROP TABLE precious", "DROP SCHEMA reports CASCADE");
        world.run(new PostgresCapacity());
        world.run(new CopyPostgres());
        assertThat(world.run(new VerifyPostgres()).outcome()).isEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void abortingBeforeTheLoadTakesOnlyOurMarkerAway() throws Exception {
        var world = claimed();
        world.onTarget("CREATE TABLE precious AS SELECT 1 AS one", "CREATE SCHEMA reports", "CREATE TABLE reports.daily AS SELECT 2 AS two");
        assertThat(world.run(new ResetTarget()).message()).contains("table public.precious").contains("were left");
        assertPrecious(world);
        try (var target = world.target()) {
            assertThat(Marker.read(target)).isEmpty();
        }
        assertThat(world.run(new ResetTarget()).outcome()).isEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void anExtensionThatTheAdminCreatedAfterTheClaimIsKept() throws Exception {
        var world = claimed();
        world.onTarget("CREATE SCHEMA heroku_ext", "CREATE EXTENSION hstore");
        world.closeSource();
        world.run(new CopyPostgres());
        world.run(new CopyPostgres());
        world.run(new ResetTarget());
        try (var target = world.target()) {
            assertThat(extensions(target)).contains("hstore").doesNotContain("citext");
            assertThat(TargetClaim.content(target)).isEmpty();
        }
    }

    @Test
    void anExtensionOfTheSuperuserDoesNotStopGoingBack() throws Exception {
        var world = claimed();
        world.closeSource();
        world.run(new CopyPostgres());
        try (var superuser = world.targetServer.superuser(world.target)) {
            Query.run(superuser, "CREATE SCHEMA extensions", "CREATE EXTENSION pg_stat_statements SCHEMA extensions");
        }
        world.run(new ResetTarget());
        try (var target = world.target()) {
            assertThat(extensions(target)).contains("pg_stat_statements").doesNotContain("citext");
        }
    }

    private static TwoDatabases claimed() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        return world;
    }

    private static List<String> extensions(Connection target) throws Exception {
        return Query.strings(target, "SELECT extname FROM pg_extension");
    }

    private static void assertPrecious(TwoDatabases world) throws Exception {
        try (var target = world.target()) {
            assertThat(Query.number(target, "SELECT one + two FROM precious, reports.daily")).isEqualTo(3);
        }
    }
}
