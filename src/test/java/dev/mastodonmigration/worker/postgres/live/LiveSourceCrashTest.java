package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A source that crashes with transactions that are not on its disk: their numbers are given out again. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveSourceCrashTest {
    private static final int ROUNDS = 4;

    @Test
    void rowsOfTransactionNumbersThatAreGivenOutTwiceArrive() throws Exception {
        try (var source = PostgresServer.start(15, PostgresServer.Durability.FSYNC); var targetServer = PostgresServer.start(15)) {
            var world = TwoDatabases.empty(source, targetServer);
            world.onSource("CREATE TABLE numbers (id int PRIMARY KEY, v text)", "INSERT INTO numbers SELECT n, 'first' FROM generate_series(1, 200) n");
            try (var superuser = source.superuser(world.source)) {
                // The log reaches the disk by a durable commit only.
                Query.run(superuser, "ALTER SYSTEM SET wal_writer_delay = '10s'", "ALTER SYSTEM SET bgwriter_lru_maxpages = 0", "ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()");
            }
            LiveCopy.captured(world);
            try (var copy = LiveCopy.of(world).awaitInSync(); var target = world.target()) {
                for (var round = 1; round <= ROUNDS; round++) {
                    lose(source, world, target, round);
                    var first = 10 * round;
                    for (var id = first; id < first + 10; id++) {
                        world.onSource("UPDATE numbers SET v = 'again' WHERE id = " + id);
                    }
                    Awaitility.await("all of round " + round).atMost(Duration.ofSeconds(30)).until(() ->
                            Query.number(target, "SELECT count(*) FROM numbers WHERE v = 'again' AND id BETWEEN ? AND ? + 9", first, first) == 10);
                    copy.awaitInSync();
                }
                LiveCopy.cutOver(world, copy);
            }
        }
    }

    /** A change of which the disk does not know, and rollbacks after it, both seen by the follower, if it does not wait for the disk; then the crash. */
    private static void lose(PostgresServer server, TwoDatabases world, Connection target, int round) throws Exception {
        try (var app = world.source()) {
            Query.run(app, "SET synchronous_commit = off", "UPDATE numbers SET v = 'lost' WHERE id = " + (100 + round));
            app.setAutoCommit(false);
            for (var i = 0; i < 20; i++) {
                Query.run(app, "UPDATE numbers SET v = 'rolled back' WHERE id = 150");
                app.rollback();
            }
            Query.run(app, "UPDATE numbers SET v = 'lost, too' WHERE id = " + (110 + round));
            app.commit();
        }
        Awaitility.await("seen by the follower").atMost(Duration.ofSeconds(10)).pollInterval(Duration.ofMillis(10)).until(() ->
                Query.isTrue(target, "SELECT EXISTS (SELECT FROM numbers WHERE id = ? AND v = 'lost, too')", 110 + round));
        server.kill();
        server.restart();
    }
}
