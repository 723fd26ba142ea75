package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.LiveWriter;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedPostgres.class)
class RehearseLiveTest {
    @Test
    void replicatesAWritingSourceIntoAScratchDatabaseMeasuresAndLeavesNothing() throws Exception {
        var world = LiveCopy.captured(TwoDatabases.between(15, 15));
        world.targetServer.allowCreateDatabase(TwoDatabases.TARGET_OWNER);
        try (var live = LiveWriter.on(world.sourceServer, world.source, TwoDatabases.OWNER)) {
            live.awaitWrites(5);
            var report = world.run(new RehearseLive());
            assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(report.figures()).containsEntry(Figure.DIFFERENCES, 0L);
            assertThat(report.figures().get(Figure.ROWS)).isGreaterThan(TwoDatabases.STATUSES * 3L);
            assertThat(report.figures().get(Figure.COPY_MILLISECONDS)).isPositive();
            assertThat(scratchDatabases(world)).isEmpty();
            try (var target = world.target()) {
                assertThat(Query.strings(target, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).as("the target itself").isEmpty();
            }
            // The real copy starts from the capture that stands.
            try (var copy = LiveCopy.of(world)) {
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
        }
    }

    @Test
    void whatCannotBeReplicatedIsToldAndTheScratchDatabaseIsDropped() throws Exception {
        var world = LiveCopy.captured(TwoDatabases.between(15, 15));
        world.targetServer.allowCreateDatabase(TwoDatabases.TARGET_OWNER);
        world.onSource("CREATE TABLE added_since (id bigint PRIMARY KEY)");
        assertThatThrownBy(() -> world.run(new RehearseLive())).isInstanceOf(Refusal.class).hasMessageContaining("added_since");
        assertThat(scratchDatabases(world)).isEmpty();
    }

    private static List<String> scratchDatabases(TwoDatabases world) throws SQLException {
        try (var superuser = world.targetServer.superuser("postgres")) {
            return Query.strings(superuser, "SELECT datname FROM pg_database WHERE datname LIKE 'mastodon_migration_rehearsal_' || ?", world.uid + "%");
        }
    }
}
