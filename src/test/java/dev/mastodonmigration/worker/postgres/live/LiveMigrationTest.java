package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.postgres.LiveWriter;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.ReopenSource;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import org.awaitility.Awaitility;
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

    /** Autovacuum of what was copied would keep the foreign keys of the freeze waiting, a second each. */
    @Test
    void whatWasCopiedIsVacuumedBeforeItIsInSync() throws Exception {
        var world = LiveCopy.captured(TwoDatabases.between(15, 15));
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
            // Sessions tell of what they did a moment later.
            Awaitility.await().untilAsserted(() -> assertThat(Query.strings(target, "SELECT s.relname FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid"
                    + " WHERE s.schemaname = 'public' AND c.relkind = 'r' AND n_live_tup > 0 AND (last_vacuum IS NULL OR last_analyze IS NULL)")).isEmpty());
            assertThat(Query.number(target, "SELECT count(*) FROM pg_stat_user_tables WHERE schemaname = 'public' AND last_vacuum IS NOT NULL")).isPositive();
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
