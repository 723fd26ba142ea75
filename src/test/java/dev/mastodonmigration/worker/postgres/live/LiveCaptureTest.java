package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.SmallDisk;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.postgres.MarkSource;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Capture stands in the way of no statement of the app's, whatever becomes of the worker, of the log, or of the rights to it. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveCaptureTest {
    private static final String[] TABLES = {"CREATE TABLE posts (id bigint PRIMARY KEY, v text)", "INSERT INTO posts SELECT n, repeat('v', 100) FROM generate_series(1, 2000) n", "ANALYZE"};

    private static TwoDatabases world() throws SQLException {
        return TwoDatabases.like(15, "captured_posts", TABLES);
    }

    private static TwoDatabases marked() throws Exception {
        var world = world();
        world.run(new TargetClaim());
        world.run(new MarkSource());
        return world;
    }

    @Test
    void aWorkerThatFallsAsleepWhilePuttingTriggersOnLeavesNoLock() throws Exception {
        var world = marked();
        try (var link = new SleepyLink(world.sourceServer.port(), "CREATE TRIGGER"); var app = world.source()) {
            world.secret(WorkerContext.SOURCE_POSTGRES_URL, world.sourceServer.url(world.source, TwoDatabases.OWNER).replace(":" + world.sourceServer.port() + "/", ":" + link.port() + "/") + "?sslmode=disable");
            var neverEnds = installing(world.context());
            assertThat(link.awaitAsleep(30)).isTrue();
            Query.run(app, "SET lock_timeout = '20s'", "INSERT INTO posts VALUES (5001, 'while it sleeps')");
            Awaitility.await("all or nothing of it").atMost(Duration.ofSeconds(30)).until(() -> Capture.isOn(app, "public.posts"));
            assertThat(neverEnds).isNotDone();
        }
    }

    private static CompletableFuture<WorkerReport> installing(WorkerContext context) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return new InstallCapture().run(context);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            // In a thread of its own: one of them never ends.
        }, work -> Thread.ofPlatform().daemon().start(work));
    }

    @Test
    void theAppsTruncateIsLetPassWhileLeaderAndHandsAreBusy() throws Exception {
        var world = LiveCopy.captured(world());
        try (var copy = LiveCopy.of(world).awaitInSync(); var target = world.target(); var app = world.source()) {
            target.setAutoCommit(false);
            Query.run(target, "LOCK TABLE mastodon_migration.live_tree");
            Awaitility.await().until(() -> waiting(target) >= 3);
            try (var reader = LiveSessions.source(Direction.FORWARD, world.context())) {
                LiveSessions.snapshot(reader);
                Query.run(reader, "SELECT count(*) FROM posts");
                Query.run(app, "SET lock_timeout = '30s'", "TRUNCATE posts");
            }
            target.rollback();
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    private static long waiting(Connection target) throws SQLException {
        return Query.number(target, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'mastodon_migration.live_tree'::regclass");
    }

    @Test
    void aLogThatMayNotBeWrittenToRefusesNothingAndIsAGap() throws Exception {
        var world = LiveCopy.captured(world());
        try (var copy = LiveCopy.of(world).awaitInSync(); var app = world.source()) {
            // As a provider does when a database is larger than its plan.
            Query.run(app, "DO $$ BEGIN EXECUTE (SELECT string_agg('REVOKE INSERT, UPDATE ON ' || oid::regclass || ' FROM app', '; ') FROM pg_class WHERE relname LIKE 'log\\_%'); END $$",
                    "DELETE FROM posts WHERE id <= 500");
            Awaitility.await().until(() -> copy.progress().stage().contains("may not write to its logs"));
            assertThat(copy.progress().inSync()).isFalse();
            Query.run(app, "DELETE FROM posts WHERE id <= 600", "GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA mastodon_migration TO app");
            copy.awaitInSync();
            assertThat(LiveCopy.cutOver(world, copy).notes()).anyMatch(note -> note.contains("some were not logged"));
        }
    }

    /** The first of the few that look ends it for all: a look by each would be a subtransaction by each. */
    @Test
    void aFullDiskEndsTheLoggingAndNotTheApp() throws Exception {
        Assumptions.assumeTrue(SmallDisk.isPossible(), "a file system of its own cannot be mounted here");
        var world = LiveCopy.captured(world());
        try (var disk = SmallDisk.mount(1); var superuser = world.sourceServer.superuser("postgres")) {
            var space = "small_" + world.source;
            Query.run(superuser, "CREATE TABLESPACE " + space + " LOCATION '" + disk.directory() + "'", "GRANT CREATE ON TABLESPACE " + space + " TO app");
            try (var app = world.source()) {
                Query.run(app, "ALTER TABLE mastodon_migration.log_1 SET TABLESPACE " + space);
                var written = 0;
                // The first that finds no room may be one of those that look.
                for (; !Capture.isFull(app) && isDone(app, "UPDATE posts SET v = v || 'x' WHERE id <= 500"); written++) {
                    assertThat(written).as("updates before the disk is full").isLessThan(1000);
                }
                var refused = 1;
                while (!isDone(app, "UPDATE posts SET v = 'goes on' WHERE id = 1")) {
                    assertThat(++refused).as("statements refused until the logging ends").isLessThan(1000);
                }
                assertThat(Capture.isFull(app)).isTrue();
                Query.run(app, "UPDATE posts SET v = 'goes on' WHERE id <= 100");
                assertThat(Capture.gaps(app)).isPositive();
                try (var copy = LiveCopy.of(world)) {
                    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> copy.progress().stage().contains("the source's disk is full"));
                    disk.enlarge(32);
                    copy.awaitInSync();
                    LiveCopy.cutOver(world, copy);
                }
            } finally {
                Query.run(superuser, "DROP DATABASE " + world.source + " WITH (FORCE)", "DROP TABLESPACE " + space);
            }
        }
    }

    private static boolean isDone(Connection app, String statement) throws SQLException {
        try {
            Query.run(app, statement);
            return true;
        } catch (SQLException e) {
            assertThat(e.getSQLState()).as(e.getMessage()).isEqualTo("53100");
            return false;
        }
    }

    @Test
    void whatIsLoggedInASubtransactionHasTheNumberOfItsTransaction() throws Exception {
        var world = LiveCopy.captured(world());
        try (var app = world.source()) {
            app.setAutoCommit(false);
            Query.run(app, "DO $$ BEGIN FOR i IN 1..600 LOOP UPDATE posts SET v = 'one of many' WHERE id = i; END LOOP; END $$", "SAVEPOINT s", "UPDATE posts SET v = 'x' WHERE id = 700");
            var transaction = Query.string(app, "SELECT pg_current_xact_id()::text");
            app.commit();
            assertThat(Query.strings(app, "SELECT DISTINCT xid::text FROM mastodon_migration.log_1")).containsExactly(transaction);
            assertThat(Query.number(app, "SELECT count(DISTINCT xmin::text) FROM mastodon_migration.log_1")).as("subtransactions, which some of the statements have").isGreaterThan(2);
        }
    }

    @Test
    void installingWaitsUntilTheSourceHasAConnectionLeft() throws Exception {
        var world = marked();
        var context = world.context();
        try (var superuser = world.sourceServer.superuser("postgres"); var app = world.source()) {
            Query.run(superuser, "ALTER DATABASE " + world.source + " CONNECTION LIMIT 1");
            var installed = installing(context);
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> installed.isDone() || context.progress().read().stage().contains("no connection left"));
            assertThat(installed).isNotDone();
            Query.run(app, "UPDATE posts SET v = 'the app goes on' WHERE id = 1");
            Query.run(superuser, "ALTER DATABASE " + world.source + " CONNECTION LIMIT -1");
            assertThat(installed.get(30, TimeUnit.SECONDS).outcome()).isEqualTo(Outcome.SUCCEEDED);
        }
    }
}
