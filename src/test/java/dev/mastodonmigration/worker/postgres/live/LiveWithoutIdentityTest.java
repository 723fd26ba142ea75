package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.PostgresPreflight;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A source that refuses to tell which server it is, and how far its log is, as Aurora does. */
@ExtendWith(SharedPostgres.class)
class LiveWithoutIdentityTest {
    @Test
    void itIsFollowedAllTheSameAndAFailoverIsNoticed() throws Exception {
        try (var primary = PostgresServer.start(15)) {
            var world = TwoDatabases.empty(primary, SharedPostgres.of(15));
            refuse(primary, world);
            RandomWrites.prepare(world);
            assertThat(PostgresPreflight.planned(false, LiveRemarks::on).check(world.context())).satisfies(findings -> {
                assertThat(findings.blockers()).isEmpty();
                assertThat(findings.notes()).anyMatch(note -> note.contains("does not tell which server it is"));
            });
            LiveCopy.captured(world);
            try (var standby = primary.startStandby(); var copy = LiveCopy.of(world); var target = world.target()) {
                copy.awaitInSync();
                LiveSourceFailoverTest.awaitCaughtUp(primary, standby);
                standby.stopFollowing();
                world.onSource(LiveSourceFailoverTest.LOST);
                await(target, "SELECT count(*) = 21 FROM plain WHERE v = 'lost'");
                copy.awaitInSync();
                primary.kill();
                standby.promote();
                try (var app = standby.connect(world.source, TwoDatabases.OWNER)) {
                    Query.run(app, LiveSourceFailoverTest.KEPT);
                }
                world.secret(WorkerContext.SOURCE_POSTGRES_URL, standby.url(world.source, TwoDatabases.OWNER));
                await(target, "SELECT NOT EXISTS (SELECT FROM plain WHERE v = 'lost') AND count(*) = 21 FROM plain WHERE v = 'kept'");
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
                assertThat(Query.string(target, "SELECT gap FROM mastodon_migration.live")).contains("another server took the source's place");
            }
        }
    }

    /** What Aurora answers with an error cannot be had here in the same words; that the right is missing comes to the same. */
    private static void refuse(PostgresServer server, TwoDatabases world) throws Exception {
        try (var superuser = server.superuser(world.source)) {
            Query.run(superuser, "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC", "REVOKE EXECUTE ON FUNCTION pg_current_wal_lsn() FROM PUBLIC",
                    "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM pg_monitor", "REVOKE EXECUTE ON FUNCTION pg_current_wal_lsn() FROM pg_monitor");
        }
    }

    private static void await(java.sql.Connection connection, String condition) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20)).until(() -> Query.isTrue(connection, condition));
    }
}
