package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.postgres.ConnectionBudget;
import dev.mastodonmigration.worker.postgres.MarkSource;
import dev.mastodonmigration.worker.postgres.PostgresPreflight;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the source can give has an end: its disk, its connections. The app never pays for it. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveLimitsTest {
    private static final long CAP_BYTES = 64 << 10;
    private static final int ROLE_LIMIT = 20;
    private static final int APP = 16;

    @Test
    void aLogThatIsFullStopsTheCaptureNotTheAppAndIsMended() throws Exception {
        var world = TwoDatabases.empty(15);
        RandomWrites.prepare(world);
        world.run(new TargetClaim());
        world.run(new MarkSource());
        world.run(InstallCapture.cappedAt(CAP_BYTES));
        try (var copy = LiveCopy.of(world); var source = world.source(); var target = world.target()) {
            copy.awaitInSync();
            // Nobody prunes while the target is held up.
            target.setAutoCommit(false);
            Query.run(target, "SELECT set_config('mastodon_migration.session', (SELECT session FROM mastodon_migration.marker), true)",
                    "LOCK TABLE mastodon_migration.live_tree");
            var updates = 0;
            while (Query.number(source, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM mastodon_migration.gaps") == 0) {
                Query.run(source, "UPDATE plain SET v = 'written on' WHERE id BETWEEN " + updates * 5 % 3000 + " AND " + (updates++ * 5 % 3000 + 100));
                assertThat(updates).as("updates before the cap is reached").isLessThan(5000);
            }
            var full = size(source);
            for (var more = 0; more < 200; more++) {
                Query.run(source, "UPDATE plain SET v = 'unlogged' WHERE id BETWEEN " + more * 10 + " AND " + (more * 10 + 9));
            }
            assertThat(size(source)).as("the log grows no more").isEqualTo(full);
            var files = files(source);
            target.rollback();
            target.setAutoCommit(true);
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> copy.progress().stage().contains("reached their cap"));
            copy.awaitInSync();
            assertThat(files(source)).as("the source has its disk back: what proving logs since then is in new files").isNotEqualTo(files);
            var report = LiveCopy.cutOver(world, copy);
            assertThat(report.notes()).anyMatch(note -> note.contains("reached their cap"));
        }
    }

    /** Of the logs that hold something; emptying one gives its disk back at once, and it gets a new file. */
    private static List<String> files(Connection source) throws SQLException {
        return Query.strings(source, "SELECT pg_relation_filenode('mastodon_migration.log_' || id)::text FROM mastodon_migration.capture "
                + "WHERE pg_relation_size('mastodon_migration.log_' || id) > 0 ORDER BY id");
    }

    private static long size(Connection source) throws SQLException {
        return Query.number(source, "SELECT sum(pg_relation_size('mastodon_migration.log_' || id)) FROM mastodon_migration.capture");
    }

    @Test
    void theAppKeepsItsConnectionsOnASmallPlan() throws Exception {
        var world = LiveCopy.captured(prepared());
        limit(world, ROLE_LIMIT);
        var app = new ArrayList<Connection>();
        try {
            for (var i = 0; i < APP; i++) {
                app.add(world.source());
            }
            var findings = PostgresPreflight.planned(false, source -> KeylessTables.announce(source).lines()).check(world.context());
            assertThat(findings.figures()).containsEntry(PostgresPreflight.SOURCE_CONNECTIONS, (long) ConnectionBudget.LEAST);
            assertThat(findings.notes()).anyMatch(note -> note.contains("allows 20 connections") && note.contains("gives way to the app"));
            try (var copy = LiveCopy.of(world, 6)) {
                for (var more = 0; more < 2; more++) {
                    copy.awaitInSync();
                    app.add(world.source());
                }
                awaitOurs(world, 1);
                app.add(world.source());
                app.removeLast().close();
                app.removeLast().close();
                app.removeLast().close();
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
        } finally {
            for (var connection : app) {
                connection.close();
            }
            limit(world, -1);
        }
    }

    @Test
    void handsComeBackWhenThereIsRoomAgain() throws Exception {
        var world = LiveCopy.captured(prepared());
        limit(world, ROLE_LIMIT);
        var app = new ArrayList<Connection>();
        try {
            for (var i = 0; i < APP; i++) {
                app.add(world.source());
            }
            try (var copy = LiveCopy.of(world, 4)) {
                copy.awaitInSync();
                awaitOurs(world, 2);
                for (var connection : app) {
                    connection.close();
                }
                awaitOurs(world, 5);
            }
        } finally {
            limit(world, -1);
        }
    }

    private static TwoDatabases prepared() throws Exception {
        var world = TwoDatabases.empty(15);
        RandomWrites.prepare(world);
        return world;
    }

    /** Asked in another database: a session of the test's own in this one would count, until its process has ended. */
    private static void awaitOurs(TwoDatabases world, int expected) throws SQLException {
        try (var superuser = world.sourceServer.superuser("postgres")) {
            Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(Query.number(superuser, "SELECT count(*) FROM pg_stat_activity "
                    + "WHERE datname = '" + world.source + "' AND application_name LIKE 'mastodon-migration replicate%'")).isEqualTo(expected));
        }
    }

    /** Of the database, because other tests share the role: it counts as the role's limit does. */
    private static void limit(TwoDatabases world, int connections) throws SQLException {
        try (var superuser = world.sourceServer.superuser("postgres")) {
            Query.run(superuser, "ALTER DATABASE " + world.source + " CONNECTION LIMIT " + connections);
        }
    }
}
