package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(SharedPostgres.class)
class WriteGateTest {
    @ParameterizedTest
    @ValueSource(strings = {"INSERT INTO settings (var) VALUES ('late')", "UPDATE statuses SET text = 'late'",
            "UPDATE statuses SET text = 'late' WHERE false", "DELETE FROM favourites",
        "TRUNCATE notifications", "TRUNCATE accounts CASCADE", "INSERT INTO account_events VALUES (1, '2025-07-01', 'late')",
        "INSERT INTO account_events_later VALUES (1, '2027-07-01', 'late')",
        "WITH gone AS (DELETE FROM tags RETURNING id) SELECT count(*) FROM gone",
        "MERGE INTO settings s USING (SELECT 'empty' AS var) v ON s.var = v.var WHEN MATCHED THEN UPDATE SET value = 'late'",
        "INSERT INTO settings (var) VALUES ('empty') ON CONFLICT (var) DO UPDATE SET value = 'late'"})
    void everyWayToWriteIsRefusedAndCounted(String statement) throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.closeSource();
        assertThatThrownBy(() -> world.onSource(statement)).isInstanceOf(SQLException.class).hasMessageContaining("closed while migration mastodon/"
                + world.uid);
        assertThatThrownBy(() -> {
            try (var superuser = world.sourceServer.superuser(world.source)) {
                Query.run(superuser, "SET session_replication_role = replica", statement);
            }
        }).isInstanceOf(SQLException.class).hasMessageContaining("refused");
        assertThatThrownBy(() -> world.onSource("SET mastodon_migration.session = ''",
                statement)).isInstanceOf(SQLException.class).hasMessageContaining("refused");
        try (var source = world.source()) {
            assertThat(WriteGate.refusedWrites(source)).isEqualTo(3);
            assertThat(Query.number(source, "SELECT count(*) FROM statuses WHERE text = 'late'")).isZero();
        }
        assertThat(world.closeSource().figures()).containsEntry(Figure.REFUSED_WRITES, 3L);
    }

    /** Names may hold anything: one that looks like the quotes of our function's body must not end it, or be run. */
    @ParameterizedTest
    @ValueSource(strings = {"a$gate$b", "$gate", "gate$; CREATE TABLE run_by_a_name (); --", "it's $$", "100%s"})
    void aNameThatLooksLikeOurQuotesIsClosedAsAnyOther(String name) throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE \"" + name + "\" (id int)");
        world.closeSource();
        assertThatThrownBy(() -> world.onSource("INSERT INTO \"" + name + "\" VALUES (1)")).isInstanceOf(SQLException.class).hasMessageContaining("refused");
        try (var source = world.source()) {
            assertThat(Query.isTrue(source, "SELECT to_regclass('run_by_a_name') IS NULL")).isTrue();
        }
    }

    @Test
    void anotherRolesWritesAreRefusedAndCountedToo() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.sourceServer.createDatabase("other" + world.source, "other_role");
        world.onSource("GRANT INSERT ON settings TO other_role", "GRANT USAGE ON SEQUENCE settings_id_seq TO other_role");
        world.closeSource();
        try (var other = world.sourceServer.connect(world.source, "other_role"); var source = world.source()) {
            assertThatThrownBy(() -> Query.run(other, "INSERT INTO settings (var) VALUES "
                    + "('late')")).isInstanceOf(SQLException.class).hasMessageContaining("refused");
            assertThat(WriteGate.refusedWrites(source)).isEqualTo(1);
        }
    }

    @Test
    void aClientThatWritesAllTheWhileIsStoppedAndHeardOf() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        try (var scheduler = LiveWriter.on(world.sourceServer, world.source, TwoDatabases.OWNER)) {
            scheduler.awaitWrites(20);
            world.closeSource();
            scheduler.awaitRefusals(3);
            var acknowledged = scheduler.writes();
            world.run(new CopyPostgres());
            var verified = world.run(new VerifyPostgres());
            assertThat(verified.outcome()).as(verified.message()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(verified.figures().get(Figure.REFUSED_WRITES)).isPositive();
            assertThat(scheduler.writes()).isEqualTo(acknowledged);
            try (var target = world.target()) {
                assertThat(Query.number(target, "SELECT count(*) FROM settings WHERE value = 'written while moving'")).isEqualTo(acknowledged);
            }
        }
    }

    @Test
    void anOlderWritingTransactionIsEndedAfterItsGraceAndNamedInANote() throws Exception {
        var world = TwoDatabases.between(15, 15);
        try (var straggler = world.source(); var reader = world.source()) {
            straggler.setAutoCommit(false);
            Query.run(straggler, "UPDATE settings SET value = 'never committed' WHERE var = 'empty'");
            reader.setAutoCommit(false);
            Query.number(reader, "SELECT count(*) FROM settings");
            world.run(new MarkSource());
            var report = new CloseSource(Duration.ofMillis(200)).run(world.context());
            assertThat(report.notes()).singleElement().asString().startsWith("1 sessions");
            assertThat(straggler.isValid(1)).isFalse();
            assertThat(reader.isValid(1)).isTrue();
        }
        try (var source = world.source()) {
            assertThat(Query.string(source, "SELECT value FROM settings WHERE var = 'empty'")).isEmpty();
            assertThat(WriteGate.ungated(source)).isEmpty();
        }
    }

    @Test
    void aWarmedTargetCannotBeWrittenToBeforeItIsOpened() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        try (var warmed = LiveWriter.on(world.targetServer, world.target, TwoDatabases.TARGET_OWNER)) {
            world.closeSource();
            world.run(new CopyPostgres());
            warmed.awaitRefusals(1);
            assertThat(world.run(new VerifyPostgres()).outcome()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(warmed.writes()).as(warmed.lastRefusal()).isZero();
            new OpenTarget().run(world.context(world.uid, 2));
            warmed.awaitWrites(1);
        }
    }

    @Test
    void theTargetIsNotOpenedWhenSomeoneTookTheSourcesGateAway() throws Exception {
        var world = TwoDatabases.between(15, 15).copied();
        world.onSource("DROP TRIGGER " + WriteGate.TRIGGER + " ON statuses");
        assertThatThrownBy(() -> new OpenTarget().run(world.context(world.uid, 2))).isInstanceOf(Refusal.class).hasMessageContaining("statuses");
        assertThatThrownBy(() -> world.run(new VerifyPostgres())).isInstanceOf(Refusal.class).hasMessageContaining("statuses");
        assertThatThrownBy(() -> world.run(new CopyPostgres())).isInstanceOf(Refusal.class).hasMessageContaining("statuses");
    }

    @Test
    void aTargetThatIsNotLoadedIsNotOpened() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        world.closeSource();
        assertThatThrownBy(() -> new OpenTarget().run(world.context(world.uid, 2))).isInstanceOf(Refusal.class).hasMessageContaining("claimed");
    }
}
