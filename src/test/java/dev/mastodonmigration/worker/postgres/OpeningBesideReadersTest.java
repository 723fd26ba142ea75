package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.live.InstallCapture;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A {@code pg_dump} has every table open for hours: no instance waits for it. */
@ExtendWith(SharedPostgres.class)
class OpeningBesideReadersTest {
    private static final Duration AT_ONCE = Duration.ofSeconds(1);

    /** Has read every table, ours too, and stays in its transaction. */
    private static Connection dumping(Connection reader) throws SQLException {
        reader.setAutoCommit(false);
        Query.run(reader, "SET application_name = 'pg_dump'", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        for (var table : Query.strings(reader, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT') AND has_schema_privilege(schemaname, 'USAGE')")) {
            Query.run(reader, "SELECT FROM " + table + " LIMIT 1");
        }
        return reader;
    }

    private static WorkerReport timed(TwoDatabases world, WorkerTask task, long epoch) throws Exception {
        var begun = Instant.now();
        var report = task.run(world.context(world.uid, epoch));
        assertThat(Duration.between(begun, Instant.now())).isLessThan(AT_ONCE);
        return report;
    }

    private static List<String> triggers(Connection connection) throws SQLException {
        return Query.strings(connection, "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'mastodon_migration%'");
    }

    @Test
    void theTargetOpensBesideAReaderAndIsClearedOnceItHasEnded() throws Exception {
        var world = TwoDatabases.between(15, 15).copied();
        try (var reader = dumping(world.target()); var target = world.target()) {
            timed(world, new OpenTarget(), 2);
            Query.run(target, "SET lock_timeout = '1s'", "INSERT INTO settings (var) VALUES ('users write')");
            awaitLongTransaction(target);
            assertThatThrownBy(() -> OurTriggers.dropWithSchema(target, Duration.ofMillis(200))).isInstanceOf(SQLException.class).hasMessageContaining("(pg_dump) since");
            Query.run(target, "UPDATE settings SET value = 'and write' WHERE var = 'users write'");
            reader.rollback();
            world.run(new ReleaseSource());
            new ReleaseTarget().run(world.context(world.uid, 2));
            assertThat(triggers(target)).isEmpty();
            assertThat(Marker.read(target)).isEmpty();
        }
    }

    @Test
    void theSourceReopensBesideAReaderForGoodAndIsClearedOnceItHasEnded() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.closeSource();
        try (var reader = dumping(world.source()); var source = world.source()) {
            awaitLongTransaction(source);
            var report = timed(world, new ReopenSource(), 1);
            assertThat(report.figures()).containsEntry(Figure.TRACES_LEFT, 1L);
            assertThat(report.message()).startsWith("The source database is open for writing again").contains("(pg_dump) since");
            Query.run(source, "SET lock_timeout = '1s'", "INSERT INTO settings (var) VALUES ('users write again')");

            assertThatThrownBy(() -> world.run(new CloseSource())).isInstanceOf(Refusal.class).hasMessageContaining("given back");
            assertThatThrownBy(() -> world.run(new MarkSource())).isInstanceOf(Refusal.class).hasMessageContaining("given back");
            assertThatThrownBy(() -> WriteGate.requireUp(source, Side.SOURCE)).isInstanceOf(Refusal.class).hasMessageContaining("is open");
            assertThatThrownBy(() -> new ClearSource(Duration.ofMillis(200)).run(world.context())).isInstanceOf(SQLException.class).hasMessageContaining("(pg_dump) since");
            Query.run(source, "UPDATE settings SET value = 'and write' WHERE var = 'users write again'");

            reader.rollback();
            assertThat(world.run(new ClearSource()).outcome()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(triggers(source)).isEmpty();
            assertThat(Marker.read(source)).isEmpty();
            assertThat(world.run(new ClearSource()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        }
    }

    @Test
    void aReaderOfAnotherRoleIsNotWaitedForEither() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        world.run(new MarkSource());
        world.run(new InstallCapture());
        world.run(new CloseSource());
        try (var reader = dumping(world.sourceServer.superuser(world.source)); var source = world.source()) {
            assertThat(timed(world, new ReopenSource(), 1).figures()).containsEntry(Figure.TRACES_LEFT, 1L);
            Query.run(source, "SET lock_timeout = '1s'", "INSERT INTO settings (var) VALUES ('users write again')");
            assertThatThrownBy(() -> new ClearSource(Duration.ofMillis(200)).run(world.context())).hasMessageContaining("(pg_dump) since");
            reader.rollback();
            assertThat(world.run(new ClearSource()).outcome()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(triggers(source)).isEmpty();
        }
    }

    /** The instance left it: nobody may write there for as long as its triggers cannot go. */
    @Test
    void aRetiredSourceStaysClosedWhileSomebodyReadsThere() throws Exception {
        var world = TwoDatabases.between(15, 15).copied();
        new OpenTarget().run(world.context(world.uid, 2));
        try (var reader = dumping(world.source()); var source = world.source()) {
            awaitLongTransaction(source);
            assertThatThrownBy(() -> world.run(new ReleaseSource())).isInstanceOf(SQLException.class).hasMessageContaining("(pg_dump) since");
            assertThatThrownBy(() -> world.onSource("INSERT INTO settings (var) VALUES ('late')")).hasMessageContaining("closed while migration");
            reader.rollback();
            assertThat(world.run(new ReleaseSource()).outcome()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(triggers(source)).isEmpty();
        }
    }

    /** It read the marker before that was changed. */
    @Test
    void whoIsAboutToCloseWhatIsBeingGivenBackIsRefused() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new MarkSource());
        try (var reader = dumping(world.source()); var closing = world.source()) {
            awaitLongTransaction(closing);
            closing.setAutoCommit(false);
            assertThat(Marker.read(closing)).isPresent();
            timed(world, new ReopenSource(), 1);
            assertThatThrownBy(() -> Marker.update(closing, world.context(), Marker.State.CLOSED, Optional.empty())).isInstanceOf(Refusal.class).hasMessageContaining("given back");
            closing.rollback();
            reader.rollback();
        }
    }

    /** It sees every table, and the marker, as they were before. */
    @Test
    void aTransactionFromBeforeTheClosingDoesNotPassTheGateWithItsOldSnapshot() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new MarkSource());
        try (var old = dumping(world.source())) {
            world.run(new CloseSource());
            assertThatThrownBy(() -> Query.run(old, "INSERT INTO settings (var) VALUES ('late')")).isInstanceOf(SQLException.class).hasMessageContaining("closed while migration");
        }
    }

    /** Its triggers are there already, from a worker that was killed: whoever passed them while they let pass has not ended yet. */
    @Test
    void closingWaitsForAWriterThatPassedAnOpenGate() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.closeSource();
        world.onSource("CREATE OR REPLACE FUNCTION mastodon_migration.refuse_write() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
        try (var writer = world.source()) {
            writer.setAutoCommit(false);
            Query.run(writer, "INSERT INTO settings (var) VALUES ('in flight')");
            var report = new CloseSource(Duration.ofMillis(200)).run(world.context());
            assertThat(report.notes()).singleElement().asString().startsWith("1 sessions");
            assertThat(writer.isValid(1)).isFalse();
        }
    }

    private static void awaitLongTransaction(Connection connection) {
        Awaitility.await().until(() -> Query.isTrue(connection, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pg_dump' AND xact_start < clock_timestamp() - interval '1.1 seconds')"));
    }
}
