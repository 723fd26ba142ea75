package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A target that crashes after each commit of ours, from the first table to the last word of the drain, loses nothing. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveTargetCrashTest {
    /** Longer than a commit stays in memory that did not wait for the disk. */
    private static final long FLUSHED_MILLISECONDS = 450;
    private static final int ROUNDS = 5;
    /** Until the plan stands a crash begins it anew, so after each of its commits it would never stand. */
    private static final int BEFORE_THE_PLAN = 3;

    private static final String[] SCHEMA = {
        "CREATE TABLE many (id bigint PRIMARY KEY, u int NOT NULL UNIQUE, v text)", "CREATE INDEX ON many (v)",
        "CREATE TABLE token_only (token text NOT NULL UNIQUE, v text)", "CREATE TABLE keyless (v text)",
        "INSERT INTO many SELECT n, n, repeat(md5(n::text), 8) FROM generate_series(1, 3000) n",
        "INSERT INTO token_only SELECT md5(n::text), 'x' FROM generate_series(1, 200) n", "INSERT INTO keyless VALUES ('a'), ('a')",
        "CREATE SEQUENCE acknowledged", "ANALYZE"};

    /** One transaction of every kind. */
    private static final String[] WRITES = {"INSERT INTO many SELECT n, n, 'new' FROM (SELECT max(id) + 1 AS n FROM many) next",
        "UPDATE many SET v = v || '.' WHERE id % 500 = 7", "DELETE FROM many WHERE id = (SELECT min(id) FROM many)",
        "UPDATE token_only SET token = md5(token) WHERE token = (SELECT min(token) FROM token_only)"};

    /** What of our commits can be seen: ranges, definitions, rounds, proofs, the end of the drain, and the stage. */
    private static final String STATE = """
            SELECT concat_ws(' ', (SELECT count(*) FILTER (WHERE landed) || '+' || count(*) FILTER (WHERE proved) FROM mastodon_migration.live_range),
              (SELECT count(*) FROM mastodon_migration.live_definition WHERE done), (SELECT sum(rounds) FROM mastodon_migration.live_tree),
              (SELECT concat_ws(' ', stage, finished_rows) FROM mastodon_migration.live), (SELECT state FROM mastodon_migration.marker))""";

    private int crashes;

    @Test
    void nothingIsLost() throws Exception {
        try (var server = PostgresServer.start(15, PostgresServer.Durability.FSYNC)) {
            var world = TwoDatabases.empty(SharedPostgres.of(15), server);
            try (var superuser = server.superuser("postgres")) {
                Query.run(superuser, "ALTER ROLE " + TwoDatabases.TARGET_OWNER + " SET synchronous_commit = off");
            }
            world.onSource(SCHEMA);
            LiveCopy.captured(world);
            var stopped = new AtomicReference<>(false);
            var writer = CompletableFuture.runAsync(() -> write(world, stopped), task -> Thread.ofPlatform().daemon().start(task));
            try (var copy = LiveCopy.of(world, 1)) {
                for (var i = 0; i < BEFORE_THE_PLAN; i++) {
                    crashAfterACommit(server, world, copy);
                }
                awaitThePlan(server, world);
                for (var rounds = 0; rounds < ROUNDS; rounds += crashAfterACommit(server, world, copy).contains("APPLYING") ? 1 : 0) {}
                copy.awaitInSync();
                stopped.set(true);
                writer.get(30, TimeUnit.SECONDS);
                var beforeTheDrain = crashes;
                world.run(new CloseSource());
                copy.askForDrain();
                while (!copy.hasEnded()) {
                    crashAfterACommit(server, world, copy);
                }
                var report = copy.report();
                assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
                assertThat(beforeTheDrain).isGreaterThan(BEFORE_THE_PLAN + ROUNDS);
                assertThat(crashes).isGreaterThan(beforeTheDrain);
                LiveCopy.assertEqual(world);
            } finally {
                stopped.set(true);
            }
            try (var target = world.target()) {
                assertThat(Query.number(target, "SELECT max(id) FROM many")).as("written meanwhile").isGreaterThan(3000);
            }
        }
    }

    private static void awaitThePlan(PostgresServer server, TwoDatabases world) throws SQLException {
        try (var monitor = server.superuser(world.target)) {
            Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(5)).until(() -> Ledger.isPlanned(monitor));
        }
    }

    /** Answers what could be seen of the commit. At once, when the commit may be in memory only; every other time once it has reached the disk, because a copy could not get on otherwise. */
    private String crashAfterACommit(PostgresServer server, TwoDatabases world, LiveCopy copy) throws Exception {
        String after;
        try (var monitor = server.superuser(world.target)) {
            var before = state(monitor);
            Awaitility.await().atMost(Duration.ofSeconds(30)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5))
                    .until(() -> copy.hasEnded() || !state(monitor).equals(before));
            after = state(monitor);
        }
        if (copy.hasEnded()) {
            return after;
        }
        if (crashes++ % 2 == 1) {
            Thread.sleep(FLUSHED_MILLISECONDS);
        }
        server.kill();
        server.restart();
        return after;
    }

    private static String state(Connection target) {
        try {
            return Query.string(target, STATE);
        } catch (SQLException notYetPlanned) {
            return "";
        }
    }

    private static void write(TwoDatabases world, AtomicReference<Boolean> stopped) {
        try (var source = world.source()) {
            for (var i = 0; !stopped.get(); i++) {
                Query.run(source, WRITES[i % WRITES.length]);
                Thread.sleep(50);
            }
        } catch (SQLException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
