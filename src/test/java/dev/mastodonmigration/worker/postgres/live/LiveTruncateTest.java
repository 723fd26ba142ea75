package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A table is emptied at once while it is copied or followed: no stale row comes back, and the app does not wait for us. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveTruncateTest {
    private static final String[] BIG = {"CREATE TABLE big (id int PRIMARY KEY, v text)",
        "INSERT INTO big SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 40000) n",
        "CREATE TABLE split (id int, p int, v text, PRIMARY KEY (id, p)) PARTITION BY LIST (p)", "CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1)",
        "CREATE TABLE split_2 PARTITION OF split FOR VALUES IN (2)",
        "INSERT INTO split SELECT n, n % 2 + 1, repeat(md5(n::text), 8) FROM generate_series(1, 20000) n", "ANALYZE"};
    private static final String[] EMPTIED = {"TRUNCATE big", "INSERT INTO big SELECT n, 'after' FROM generate_series(1, 3000) n", "TRUNCATE split_1",
        "INSERT INTO split SELECT n, 1, 'after' FROM generate_series(1, 500) n", "UPDATE split SET p = 1 WHERE p = 2 AND id > 19000"};

    @Test
    void emptiedDuringTheCopyWithAWorkerKilled() throws Exception {
        var world = world();
        try (var target = world.target()) {
            try (var worker = LiveWorkerProcess.start(world, 16 << 10)) {
                awaitLanded(target);
                world.onSource(EMPTIED);
                worker.kill();
            }
            try (var copy = LiveCopy.inRanges(world, 16 << 10)) {
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
            assertThat(Query.number(target, "SELECT count(*) FROM big")).isEqualTo(3000);
            assertThat(Query.number(target, "SELECT repairs FROM mastodon_migration.live")).isZero();
        }
    }

    @Test
    void emptiedWhileFollowedWithAWorkerKilled() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
        }
        try (var worker = LiveWorkerProcess.start(world, 64 << 10); var target = world.target()) {
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Query.isTrue(target, "SELECT until > now() FROM mastodon_migration.live_leader"));
            world.onSource(EMPTIED);
            Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(5)).until(() -> Query.isTrue(target,
                    "SELECT count(*) = 0 FROM big WHERE v <> 'after'"));
            worker.kill();
            world.onSource("TRUNCATE split", "INSERT INTO split VALUES (1, 1, 'last')");
            try (var copy = LiveCopy.of(world)) {
                Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Query.isTrue(target, "SELECT count(*) = 1 FROM split"));
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
        }
    }

    @Test
    void aPartitionThatIsEmptiedLeavesItsSiblingsAlone() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
            var before = Query.string(target, "SELECT min(xmin::text::bigint)::text || ' ' || count(*) FROM split_2");
            world.onSource("SET quote_all_identifiers = on", "TRUNCATE split_1", "INSERT INTO split VALUES (1, 1, 'after')");
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> Query.isTrue(target, "SELECT count(*) = 1 FROM split_1"));
            assertThat(Query.string(target, "SELECT min(xmin::text::bigint)::text || ' ' || count(*) FROM split_2")).isEqualTo(before);
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    @Test
    void theAppsTruncateNeverWaitsLongForOurReading() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world); var target = world.target(); var source = world.source()) {
            copy.awaitInSync();
            try (var reader = LiveSessions.source(Direction.FORWARD, world.context())) {
                // A worker thread in the midst of a range that takes long.
                LiveSessions.snapshot(reader);
                Query.run(reader, "SET LOCAL application_name = 'mastodon-migration replicate-postgres thread'", "SELECT count(*) FROM big");
                var slow = Thread.ofPlatform().daemon().start(() -> {
                    try {
                        Query.run(reader, "SELECT pg_sleep(25)");
                    } catch (SQLException cancelled) {
                        assertThat(cancelled.getSQLState()).isEqualTo("57014");
                        rollback(reader);
                    }
                });
                var begun = System.nanoTime();
                Query.run(source, "TRUNCATE big");
                assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
                slow.join();
            }
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    @Test
    void theAppsTruncateNeverWaitsLongForAReadingThatIsBetweenTwoStatements() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world); var source = world.source()) {
            copy.awaitInSync();
            try (var reader = LiveSessions.source(Direction.FORWARD, world.context())) {
                // A leader whose round has much to write on the target.
                LiveSessions.snapshot(reader);
                Query.run(reader, "SELECT count(*) FROM big");
                var begun = System.nanoTime();
                Query.run(source, "TRUNCATE big");
                assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
                assertThat(reader.isValid(5)).isFalse();
            }
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    private static void rollback(Connection reader) {
        try {
            reader.rollback();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static TwoDatabases world() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource(BIG);
        return LiveCopy.captured(world);
    }

    private static void awaitLanded(Connection target) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).ignoreExceptions()
                .until(() -> Query.number(target, "SELECT count(*) FROM mastodon_migration.live_range WHERE landed") > 5);
    }
}
