package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Connections that break, and passwords that change: the copy goes on where it was. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveConnectionsTest {
    private static final String OURS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename <> 'postgres'";

    @Test
    void rotatedCredentialsCostAMomentAndNoRange() throws Exception {
        var world = world();
        world.sourceServer.createDatabase("of_" + world.source, "owner_" + world.source);
        world.targetServer.createDatabase("of_" + world.target, "owner_" + world.target);
        give(world.sourceServer, world.source, TwoDatabases.OWNER, "owner_" + world.source);
        world.secret(WorkerContext.SOURCE_POSTGRES_URL, world.sourceServer.url(world.source, "owner_" + world.source));
        give(world.targetServer, world.target, TwoDatabases.TARGET_OWNER, "owner_" + world.target);
        world.secret(WorkerContext.TARGET_POSTGRES_URL, world.targetServer.url(world.target, "owner_" + world.target));
        LiveCopy.captured(world);
        try (var copy = LiveCopy.inRanges(world, 4 << 10); var target = world.targetServer.superuser(world.target)) {
            awaitLanded(target, 3);
            rotate(world, world.sourceServer, world.source, WorkerContext.SOURCE_POSTGRES_URL);
            rotate(world, world.targetServer, world.target, WorkerContext.TARGET_POSTGRES_URL);
            assertThat(mostCopies(target)).as("times that any range was begun to be copied").isBetween(1L, 3L);
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    @Test
    void connectionsCutAllTheTimeOnlyCostTheRangesInFlight() throws Exception {
        var world = LiveCopy.captured(world());
        var stopped = new AtomicBoolean();
        var cuts = new AtomicInteger();
        try (var copy = LiveCopy.inRanges(world, 16 << 10); var target = world.targetServer.superuser(world.target);
                var source = world.sourceServer.superuser(world.source); var writes = RandomWrites.on(world, 3)) {
            awaitLanded(target, 1);
            var cutter = Thread.ofPlatform().daemon().start(() -> {
                while (!stopped.get()) {
                    cut(cuts.getAndIncrement() % 2 == 0 ? source : target);
                }
            });
            var copies = mostCopies(target);
            stopped.set(true);
            cutter.join();
            assertThat(cuts.get()).as("cuts during the copy").isPositive();
            assertThat(copies).as("times that any range was begun to be copied, with %d cuts", cuts.get()).isLessThanOrEqualTo(4);
            assertThat(writes.committed()).isPositive();
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    /** Every session of the worker's on one side, a second or so after the other side's. */
    private static void cut(Connection superuser) {
        try {
            Query.list(superuser, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity, pg_sleep(1.2) WHERE datname = current_database() AND "
                    + "application_name LIKE 'mastodon-migration%'", row -> row.getBoolean(1));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As a provider does: the old one is void at once, and the new one is in the Secret a moment later. */
    private static void rotate(TwoDatabases world, PostgresServer server, String database, String secret) throws SQLException {
        var url = server.url(database, "owner_" + database);
        try (var superuser = server.superuser(database)) {
            Query.run(superuser, "ALTER ROLE owner_" + database + " PASSWORD 'rotated'");
            Query.list(superuser, OURS, row -> row.getBoolean(1));
            Query.run(superuser, "SELECT pg_sleep(1)");
        }
        world.secret(secret, url.replaceFirst(":[0-9a-f]{32}@", ":rotated@"));
    }

    private static void give(PostgresServer server, String database, String from, String to) throws SQLException {
        try (var superuser = server.superuser(database)) {
            Query.run(superuser, "ALTER DATABASE " + database + " OWNER TO " + to);
            for (var table : Query.strings(superuser, "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND relowner = '" + from
                    + "'::regrole")) {
                Query.run(superuser, "ALTER TABLE " + table + " OWNER TO " + to);
            }
        }
    }

    /** Watches the copy to its end; later, proofs count too. */
    private static long mostCopies(Connection target) {
        var most = new AtomicLong();
        Awaitility.await().atMost(Duration.ofSeconds(60)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5)).ignoreExceptions().until(() -> {
            var seen = Query.number(target, "SELECT CASE stage WHEN 'COPYING' THEN (SELECT max(token) FROM mastodon_migration.live_range) ELSE -1 END "
                    + "FROM mastodon_migration.live");
            most.accumulateAndGet(seen, Math::max);
            return seen < 0;
        });
        return most.get();
    }

    private static TwoDatabases world() throws Exception {
        var world = TwoDatabases.empty(15);
        RandomWrites.prepare(world);
        return world;
    }

    private static void awaitLanded(Connection target, int ranges) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).ignoreExceptions()
                .until(() -> Query.number(target, "SELECT count(*) FROM mastodon_migration.live_range WHERE landed") >= ranges);
    }
}
