package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.CloseTarget;
import dev.mastodonmigration.worker.postgres.OpenTarget;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A moved instance is followed backwards: what could go wrong with that and nowhere else. */
@ExtendWith(SharedPostgres.class)
class WayBackTest {
    @Test
    void aRowWhoseChildrenWouldCascadeTakesNoneWithIt() throws Exception {
        var world = MovedInstance.closed();
        var before = MovedInstance.definitions(world);
        MovedInstance.open(world);
        try (var copy = LiveCopy.back(world).awaitInSync(); var source = world.source()) {
            var posts = Query.number(source, "SELECT count(*) FROM posts");
            var audited = Query.number(source, "SELECT count(*) FROM audit");
            // A round deletes the row and inserts it again.
            world.onTarget("UPDATE people SET name = 'renamed' WHERE id = 7", "DELETE FROM people WHERE id = 8");
            LiveCopy.await(source, "SELECT EXISTS (SELECT FROM people WHERE name = 'renamed') AND NOT EXISTS (SELECT FROM people WHERE id = 8)");
            copy.awaitInSync();
            assertThat(Query.number(source, "SELECT count(*) FROM posts WHERE author = 7")).isPositive();
            assertThat(Query.number(source, "SELECT count(*) FROM posts WHERE author = 8")).isZero();
            assertThat(Query.number(source, "SELECT count(*) FROM posts")).isLessThan(posts);
            try (var target = world.target()) {
                assertThat(Query.number(source, "SELECT count(*) FROM audit")).as("noted once a side").isGreaterThan(audited).isEqualTo(Query.number(target, "SELECT count(*) FROM audit"));
            }
            MovedInstance.goBack(world, copy, before);
        }
    }

    @Test
    void nothingOfWhatIsBroughtBackEchoes() throws Exception {
        var world = MovedInstance.closed();
        MovedInstance.open(world);
        try (var copy = LiveCopy.back(world).awaitInSync(); var source = world.source()) {
            var before = logged(source);
            world.onTarget("UPDATE plain SET v = 'brought back' WHERE id BETWEEN 1 AND 50", "TRUNCATE spans", "INSERT INTO keyless VALUES ('x')");
            LiveCopy.await(source, "SELECT count(*) = 50 FROM plain WHERE v = 'brought back'");
            copy.awaitInSync();
            assertThat(logged(source)).as("rows of the source's own log").isEqualTo(before);
            assertThat(Query.number(source, "SELECT count(*) FROM mastodon_migration.capture")).as("captured tables").isZero();
        }
    }

    @Test
    void aReaderThatHoldsAllTablesOnlyDelaysTheFirstRound() throws Exception {
        var world = MovedInstance.closed();
        var before = MovedInstance.definitions(world);
        try (var reader = world.source(); var source = world.source()) {
            reader.setAutoCommit(false);
            for (var table : Query.strings(reader, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'")) {
                Query.list(reader, "SELECT count(*) FROM " + table, row -> row.getLong(1));
            }
            MovedInstance.open(world);
            world.onTarget("DELETE FROM people WHERE id = 9");
            try (var copy = LiveCopy.back(world)) {
                Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(50)).until(() -> copy.progress().stage().contains("whose foreign keys have to go"));
                assertThat(copy.progress().stage()).contains("pid ");
                assertThat(Query.number(source, "SELECT count(*) FROM people WHERE id = 9")).as("brought before the foreign keys were out").isEqualTo(1);
                assertThat(copy.progress().inSync()).isFalse();
                reader.rollback();
                copy.awaitInSync();
                assertThat(Query.number(source, "SELECT count(*) FROM people WHERE id = 9")).isZero();
                MovedInstance.goBack(world, copy, before);
            }
        }
    }

    @Test
    void killedBetweenSavingAndDroppingNothingIsForgotten() throws Exception {
        var world = MovedInstance.closed();
        var before = MovedInstance.definitions(world);
        MovedInstance.open(world);
        try (var reader = world.source(); var source = world.sourceServer.superuser(world.source)) {
            reader.setAutoCommit(false);
            // Held where the foreign key goes last, after all has been saved.
            Query.list(reader, "SELECT count(*) FROM posts", row -> row.getLong(1));
            var killed = LiveWorkerProcess.startBack(world, 1 << 20);
            try {
                Awaitility.await().atMost(Duration.ofSeconds(30)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(() ->
                        Query.isTrue(source, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock' AND relation = 'posts'::regclass)"));
            } finally {
                killed.kill();
            }
            LiveCopy.await(source, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'mastodon-migration%' AND pid <> pg_backend_pid() AND state <> 'idle')");
            reader.rollback();
        }
        try (var copy = LiveCopy.back(world).awaitInSync(); var source = world.source()) {
            assertThat(Query.isTrue(source, MovedInstance.OUT)).isTrue();
            world.onTarget("DELETE FROM people WHERE id = 11");
            MovedInstance.goBack(world, copy, before);
        }
    }

    @Test
    void anAdoptionThatIsRunAgainChangesNothingAndOneOfAnOpenTargetIsRefused() throws Exception {
        var world = MovedInstance.closed();
        world.run(new AdoptDatabases());
        try (var source = world.source()) {
            var position = Query.string(source, "SELECT string_agg(position, ' ' ORDER BY id) FROM mastodon_migration.live_tree");
            world.run(new OpenTarget());
            world.onTarget("UPDATE people SET name = 'written since' WHERE id = 1");
            world.run(new AdoptDatabases());
            assertThat(Query.string(source, "SELECT string_agg(position, ' ' ORDER BY id) FROM mastodon_migration.live_tree")).isEqualTo(position);
            // As whoever stops the instance's old home once more may.
            world.run(new CloseSource());
            try (var copy = LiveCopy.back(world).awaitInSync()) {
                LiveCopy.await(source, "SELECT name = 'written since' FROM people WHERE id = 1");
            }
        }
        var other = MovedInstance.closed();
        other.run(new OpenTarget());
        assertThatThrownBy(() -> other.run(new AdoptDatabases())).isInstanceOf(Refusal.class).hasMessageContaining("was open for writing before");
        other.onTarget("DELETE FROM people WHERE id = 1");
        other.run(new CloseTarget());
        assertThatThrownBy(() -> other.run(new AdoptDatabases())).isInstanceOf(Refusal.class).hasMessageContaining("was open for writing before");
        try (var copy = LiveCopy.back(other)) {
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(copy::hasEnded);
            assertThat(copy.failure()).contains("was not prepared for the way back");
        }
    }

    @Test
    void aWayBackThatAChangedTableEndedGoesOnOnceTheChangeIsUndone() throws Exception {
        var world = MovedInstance.closed();
        var before = MovedInstance.definitions(world);
        MovedInstance.open(world);
        try (var copy = LiveCopy.back(world).awaitInSync()) {
            world.onTarget("ALTER TABLE people ADD COLUMN midway int");
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(copy::hasEnded);
            assertThat(copy.failure()).contains("The target's tables were changed", "midway", "there is no way back");
        }
        world.onTarget("UPDATE people SET name = 'while nobody followed' WHERE id = 2", "ALTER TABLE people DROP COLUMN midway");
        try (var copy = LiveCopy.back(world).awaitInSync(); var source = world.source()) {
            assertThat(Query.string(source, "SELECT name FROM people WHERE id = 2")).isEqualTo("while nobody followed");
            MovedInstance.goBack(world, copy, before);
        }
    }

    @Test
    void whoReadsATableWithARuleDelaysTheEndAndIsNamed() throws Exception {
        var world = MovedInstance.closed();
        var before = MovedInstance.definitions(world);
        MovedInstance.open(world);
        try (var copy = LiveCopy.back(world).awaitInSync()) {
            world.onTarget("DELETE FROM people WHERE id = 13");
            world.run(new CloseTarget());
            try (var reader = MovedInstance.reading(world, "likes", "keyless")) {
                copy.askForDrain();
                Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20)).until(() -> copy.progress().stage().contains("rule noted of public.likes cannot be brought back yet"));
                reader.rollback();
            }
            MovedInstance.goBack(world, copy, before);
        }
    }

    private static long logged(Connection source) throws SQLException {
        var logs = Query.strings(source, "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relname ~ '^log_[0-9]+$' AND c.relnamespace = 'mastodon_migration'::regnamespace");
        assertThat(logs).isNotEmpty();
        var rows = 0L;
        for (var log : logs) {
            rows += Query.number(source, "SELECT count(*) FROM " + log);
        }
        return rows;
    }
}
