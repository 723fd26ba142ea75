package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The source's primary is lost, and a standby that lagged behind takes its place: what the target got meanwhile was never written there. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveSourceFailoverTest {
    /** What each side has that the other must not keep: changes lost with the primary, and changes under the same transaction numbers. */
    static final String[] LOST = {"UPDATE plain SET v = 'lost' WHERE id BETWEEN 10 AND 30", "DELETE FROM texts WHERE n = 3",
        "INSERT INTO token_only VALUES ('lost', 'x')", "DELETE FROM parts WHERE p = 2"};
    static final String[] KEPT = {"UPDATE plain SET v = 'kept' WHERE id BETWEEN 20 AND 40", "INSERT INTO token_only VALUES ('kept', 'x')",
        "DELETE FROM texts WHERE n = 4"};

    @Test
    void whatTheStandbyNeverHadIsTakenBackFromTheTarget() throws Exception {
        try (var primary = PostgresServer.start(15)) {
            var world = world(primary);
            try (var standby = primary.startStandby(); var copy = LiveCopy.of(world); var target = world.target()) {
                copy.awaitInSync();
                awaitCaughtUp(primary, standby);
                standby.stopFollowing();
                world.onSource(LOST);
                await(target, "SELECT count(*) = 21 FROM plain WHERE v = 'lost'");
                copy.awaitInSync();
                primary.kill();
                standby.promote();
                write(standby, world, KEPT);
                world.secret(WorkerContext.SOURCE_POSTGRES_URL, standby.url(world.source, TwoDatabases.OWNER));
                await(target, "SELECT NOT EXISTS (SELECT FROM plain WHERE v = 'lost') AND count(*) = 21 FROM plain WHERE v = 'kept'");
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
                assertThat(Query.number(target, "SELECT repairs FROM mastodon_migration.live")).isPositive();
                assertThat(Query.number(target, "SELECT count(*) FROM token_only WHERE token = 'lost'")).isZero();
                assertThat(Query.number(target, "SELECT count(*) FROM texts WHERE n = 3")).isPositive();
            }
        }
    }

    @Test
    void aPrimaryThatLivesOnIsLeftForTheOneThatTheSecretNames() throws Exception {
        try (var primary = PostgresServer.start(15)) {
            var world = world(primary);
            try (var standby = primary.startStandby(); var copy = LiveCopy.of(world); var target = world.target()) {
                copy.awaitInSync();
                awaitCaughtUp(primary, standby);
                standby.stopFollowing();
                standby.promote();
                world.secret(WorkerContext.SOURCE_POSTGRES_URL, standby.url(world.source, TwoDatabases.OWNER));
                world.onSource(LOST);
                write(standby, world, KEPT);
                await(target, "SELECT NOT EXISTS (SELECT FROM plain WHERE v = 'lost') AND count(*) = 21 FROM plain WHERE v = 'kept'");
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
        }
    }

    @Test
    void aFailoverDuringTheCopyBeginsItAnewByItself() throws Exception {
        try (var primary = PostgresServer.start(15)) {
            var world = world(primary);
            try (var standby = primary.startStandby(); var target = world.target()) {
                awaitCaughtUp(primary, standby);
                standby.stopFollowing();
                world.onSource(LOST);
                try (var worker = LiveWorkerProcess.start(world, 4 << 10)) {
                    Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(2)).ignoreExceptions()
                            .until(() -> Query.number(target, "SELECT count(*) FROM mastodon_migration.live_range WHERE landed") > 3);
                    worker.kill();
                }
                primary.kill();
                standby.promote();
                write(standby, world, KEPT);
                world.secret(WorkerContext.SOURCE_POSTGRES_URL, standby.url(world.source, TwoDatabases.OWNER));
                try (var copy = LiveCopy.of(world)) {
                    copy.awaitInSync();
                    LiveCopy.cutOver(world, copy);
                }
            }
        }
    }

    private static TwoDatabases world(PostgresServer primary) throws Exception {
        var world = TwoDatabases.empty(primary, SharedPostgres.of(15));
        RandomWrites.prepare(world);
        return LiveCopy.captured(world);
    }

    private static void write(PostgresServer server, TwoDatabases world, String... statements) throws Exception {
        try (var connection = server.connect(world.source, TwoDatabases.OWNER)) {
            Query.run(connection, statements);
        }
    }

    static void awaitCaughtUp(PostgresServer primary, PostgresServer standby) throws Exception {
        try (var there = primary.superuser("postgres"); var here = standby.superuser("postgres")) {
            var written = Query.string(there, "SELECT pg_current_wal_lsn()::text");
            await(here, "SELECT pg_last_wal_replay_lsn() >= '" + written + "'");
        }
    }

    private static void await(Connection connection, String condition) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20)).until(() -> Query.isTrue(connection, condition));
    }
}
