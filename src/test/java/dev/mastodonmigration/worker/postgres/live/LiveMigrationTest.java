package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.postgres.LiveWriter;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.ReopenSource;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(SharedPostgres.class)
class LiveMigrationTest {
    @ParameterizedTest
    @CsvSource({"15, 15", "14, 17", "15, 18"})
    void movesADatabaseThatIsWrittenToAllTheTime(int from, int to) throws Exception {
        var world = LiveCopy.captured(TwoDatabases.between(from, to));
        try (var live = LiveWriter.on(world.sourceServer, world.source, TwoDatabases.OWNER); var copy = LiveCopy.of(world)) {
            live.awaitWrites(5);
            copy.awaitInSync();
            live.awaitWrites(live.writes() + 50);
            var report = LiveCopy.cutOver(world, copy);
            assertThat(report.figures().get(Figure.ROWS)).isGreaterThan(TwoDatabases.STATUSES * 3L);
            assertThat(report.figures()).containsEntry(Figure.DIFFERENCES, 0L);
            try (var target = world.target()) {
                assertThat(Query.number(target, "SELECT count(*) FROM settings WHERE value = 'written while moving'")).isEqualTo(live.writes());
            }
        }
    }

    @Test
    void abortingLeavesNothingOnTheSource() throws Exception {
        var world = TwoDatabases.between(15, 15);
        try (var source = world.source()) {
            var before = Query.strings(source, "SELECT tgname FROM pg_trigger ORDER BY 1");
            LiveCopy.captured(world);
            assertThat(Query.strings(source, "SELECT tgname FROM pg_trigger ORDER BY 1")).isNotEqualTo(before);
            world.run(new ReopenSource());
            assertThat(Query.strings(source, "SELECT tgname FROM pg_trigger ORDER BY 1")).isEqualTo(before);
            assertThat(Query.strings(source, "SELECT nspname FROM pg_namespace WHERE nspname = 'mastodon_migration'")).isEmpty();
        }
    }
}
