package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Gaps, also at the worst moments: while one is being repaired, and when the target is finished already. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveGapsTest {
    private static final String NO_LEASE = "SELECT setval('mastodon_migration.lease', 1)";

    @Test
    void changesThatWentByUnloggedAreFoundAndRepaired() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
            world.onSource("SELECT setval('mastodon_migration.lease', 0)", "UPDATE plain SET v = 'unnoticed' WHERE id BETWEEN 5 AND 25",
                    "DELETE FROM texts WHERE n = 2", "INSERT INTO token_only VALUES ('unnoticed', 'x')", "UPDATE plain SET u = u + 100000 WHERE id = 77");
            LiveCopy.await(target, "SELECT repairs > 20 FROM mastodon_migration.live");
            copy.awaitInSync();
            var report = LiveCopy.cutOver(world, copy);
            assertThat(report.notes()).anyMatch(note -> note.contains("table public.plain") && note.contains("rows differed before the freeze and were repaired")
                    && note.contains("(id) = ("));
            assertThat(report.notes()).as("a unique key may be a token").noneMatch(note -> note.contains("token_only") && note.contains("unnoticed"));
            assertThat(Query.number(target, "SELECT count(*) FROM plain WHERE v = 'unnoticed'")).isEqualTo(21);
        }
    }

    @Test
    void anotherServerBehindTheSameAddressIsAGap() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
            Query.run(target, "UPDATE mastodon_migration.live SET identity = 'the server before the failover', in_sync = false");
            LiveCopy.await(target, "SELECT identity <> 'the server before the failover' FROM mastodon_migration.live");
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    @Test
    void whatGoesByWhileAGapIsMendedIsWaitedForToo() throws Exception {
        try (var server = PostgresServer.start(15)) {
            try (var superuser = server.superuser("postgres")) {
                Query.run(superuser, "ALTER SYSTEM SET max_prepared_transactions = 5");
            }
            server.restart();
            var world = TwoDatabases.empty(server, SharedPostgres.of(15));
            RandomWrites.prepare(world);
            LiveCopy.captured(world);
            try (var copy = LiveCopy.of(world).awaitInSync(); var old = world.source(); var target = world.target()) {
                old.setAutoCommit(false);
                Query.run(old, "UPDATE plain SET v = 'old' WHERE id = 1");
                world.onSource(NO_LEASE, "UPDATE plain SET v = 'first gap' WHERE id = 2");
                LiveCopy.await(target, "SELECT gap IS NOT NULL FROM mastodon_migration.live");
                // The worker waits for the old transaction now, and the lease lapses again.
                await(world, "SELECT last_value > 1 FROM mastodon_migration.lease");
                world.onSource(NO_LEASE, "BEGIN", "UPDATE plain SET v = 'second gap' WHERE id = 3", "PREPARE TRANSACTION 'outlives'");
                old.commit();
                Awaitility.await("not in sync before what went by is there").during(Duration.ofSeconds(2)).atMost(Duration.ofSeconds(10)).until(() -> !copy.progress().inSync());
                world.onSource("COMMIT PREPARED 'outlives'");
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
                assertThat(Query.string(target, "SELECT string_agg(v, ', ' ORDER BY id) FROM plain WHERE id <= 3")).isEqualTo("old, first gap, second gap");
            }
        }
    }

    @Test
    void aGapThatIsFoundWhenTheTargetIsFinishedIsRefusedAndChangesNothingThere() throws Exception {
        var world = family();
        try (var target = world.target()) {
            finishedAndNotTold(world, target);
            world.onSource("SELECT nextval('mastodon_migration.gaps')");
            try (var next = LiveCopy.of(world)) {
                Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(next.failure()).contains("foreign keys and triggers", "not opened"));
            }
            assertUntouched(target);
        }
    }

    @Test
    void aChangeThatIsFoundWhenTheTargetIsFinishedIsRefusedAndCascadesNowhere() throws Exception {
        var world = family();
        try (var target = world.target()) {
            finishedAndNotTold(world, target);
            world.onSource("ALTER TABLE parents DISABLE TRIGGER mastodon_migration_gate", "UPDATE parents SET v = 'written although it is closed'");
            try (var next = LiveCopy.of(world)) {
                Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(next.failure()).contains("source changed", "not opened"));
            }
            assertUntouched(target);
        }
    }

    private static TwoDatabases family() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE parents (id int PRIMARY KEY, v text)", "CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE)",
                "INSERT INTO parents VALUES (1, 'x'), (2, 'x')", "INSERT INTO children VALUES (10, 1), (20, 2)");
        return LiveCopy.captured(world);
    }

    /** As after a worker that was killed between its last two commits. */
    private static void finishedAndNotTold(TwoDatabases world, Connection target) throws Exception {
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            var session = Query.string(target, "SELECT session FROM mastodon_migration.marker");
            assertThat(LiveCopy.cutOver(world, copy).outcome()).isEqualTo(Outcome.SUCCEEDED);
            Query.update(target, "UPDATE mastodon_migration.marker SET state = 'loading', session = ?", session);
            Query.run(target, "UPDATE mastodon_migration.live SET stage = 'APPLYING', outcome = NULL");
        }
    }

    private static void assertUntouched(Connection target) throws Exception {
        assertThat(Query.number(target, "SELECT count(*) FROM children")).isEqualTo(2);
        assertThat(Query.number(target, "SELECT count(*) FROM parents WHERE v = 'x'")).isEqualTo(2);
        assertThat(Query.string(target, "SELECT state FROM mastodon_migration.marker")).isEqualTo("loading");
    }

    private static void await(TwoDatabases world, String condition) throws Exception {
        try (var source = world.source()) {
            LiveCopy.await(source, condition);
        }
    }
}
