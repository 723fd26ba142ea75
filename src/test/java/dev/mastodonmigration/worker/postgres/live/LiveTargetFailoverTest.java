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

/** The target goes back: a standby that lagged behind takes its place, or a backup. What the source had pruned for the state before is no longer in any log. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveTargetFailoverTest {
    private static final String[] BROUGHT = {"UPDATE plain SET v = 'brought and pruned' WHERE id BETWEEN 10 AND 30", "DELETE FROM texts WHERE n = 3", "INSERT INTO token_only VALUES ('brought', 'x')"};

    @Test
    void whatWasPrunedForTheTargetThatIsLostIsBroughtToItsSuccessor() throws Exception {
        try (var primary = PostgresServer.start(15)) {
            var world = TwoDatabases.empty(SharedPostgres.of(15), primary);
            RandomWrites.prepare(world);
            LiveCopy.captured(world);
            try (var copy = LiveCopy.of(world).awaitInSync(); var standby = primary.startStandby(); var source = world.source()) {
                LiveSourceFailoverTest.awaitCaughtUp(primary, standby);
                standby.stopFollowing();
                world.onSource(BROUGHT);
                try (var target = world.target()) {
                    await(target, "SELECT count(*) = 21 FROM plain WHERE v = 'brought and pruned'");
                }
                awaitPruned(source);
                primary.kill();
                standby.promote();
                world.secret(WorkerContext.TARGET_POSTGRES_URL, standby.url(world.target, TwoDatabases.TARGET_OWNER));
                try (var target = standby.connect(world.target, TwoDatabases.TARGET_OWNER)) {
                    await(target, "SELECT count(*) = 21 FROM plain WHERE v = 'brought and pruned'");
                    copy.awaitInSync();
                    LiveCopy.cutOver(world, copy);
                    assertThat(Query.string(target, "SELECT gap FROM mastodon_migration.live")).contains("target went back");
                    assertThat(Query.number(target, "SELECT count(*) FROM token_only WHERE token = 'brought'")).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void aTargetThatLivesOnIsLeftForTheOneThatTheSecretNames() throws Exception {
        try (var primary = PostgresServer.start(15)) {
            var world = TwoDatabases.empty(SharedPostgres.of(15), primary);
            RandomWrites.prepare(world);
            LiveCopy.captured(world);
            try (var copy = LiveCopy.of(world).awaitInSync(); var standby = primary.startStandby()) {
                LiveSourceFailoverTest.awaitCaughtUp(primary, standby);
                standby.stopFollowing();
                standby.promote();
                world.secret(WorkerContext.TARGET_POSTGRES_URL, standby.url(world.target, TwoDatabases.TARGET_OWNER));
                world.onSource(BROUGHT);
                try (var target = standby.connect(world.target, TwoDatabases.TARGET_OWNER); var before = primary.connect(world.target, TwoDatabases.TARGET_OWNER)) {
                    await(target, "SELECT count(*) = 21 FROM plain WHERE v = 'brought and pruned'");
                    // Whoever stays there tells how far that one is.
                    await(before, "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()");
                    await(target, "SELECT in_sync FROM mastodon_migration.live");
                    copy.awaitInSync();
                    LiveCopy.cutOver(world, copy);
                }
            }
        }
    }

    @Test
    void aTargetThatLacksNothingOfWhatWasPrunedGoesOn() throws Exception {
        try (var primary = PostgresServer.start(15)) {
            var world = TwoDatabases.empty(SharedPostgres.of(15), primary);
            RandomWrites.prepare(world);
            LiveCopy.captured(world);
            try (var copy = LiveCopy.of(world).awaitInSync(); var standby = primary.startStandby()) {
                world.onSource(BROUGHT);
                try (var target = world.target()) {
                    await(target, "SELECT count(*) = 21 FROM plain WHERE v = 'brought and pruned'");
                }
                copy.awaitInSync();
                LiveSourceFailoverTest.awaitCaughtUp(primary, standby);
                primary.kill();
                standby.promote();
                world.secret(WorkerContext.TARGET_POSTGRES_URL, standby.url(world.target, TwoDatabases.TARGET_OWNER));
                world.onSource("UPDATE plain SET v = 'later' WHERE id = 11");
                try (var target = standby.connect(world.target, TwoDatabases.TARGET_OWNER)) {
                    await(target, "SELECT v = 'later' FROM plain WHERE id = 11");
                    copy.awaitInSync();
                    LiveCopy.cutOver(world, copy);
                    assertThat(Query.number(target, "SELECT count(*) FROM mastodon_migration.live WHERE gap IS NOT NULL")).as("nothing had to be proved again").isZero();
                }
            }
        }
    }

    private static void awaitPruned(Connection source) throws Exception {
        var logs = Query.strings(source, "SELECT 'SELECT count(*) FROM mastodon_migration.log_' || id FROM mastodon_migration.capture");
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(100)).until(() -> Query.number(source, "SELECT sum(n) FROM (" + String.join(" UNION ALL ",
                logs.stream().map(log -> log.replace("count(*)", "count(*) AS n")).toList()) + ") logs") == 0);
    }

    private static void await(Connection connection, String condition) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20)).ignoreExceptions().until(() -> Query.isTrue(connection, condition));
    }
}
