package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.HostileSettings;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sources that are not as one thinks: corrupt indexes, odd keys, roles with any settings, rights that are missing, definitions that change. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveOddSourcesTest {
    private static final int RANGE_BYTES = 16 << 10;

    @ParameterizedTest
    @CsvSource({"bigint, n, 16384", "uuid, md5(n::text)::uuid, 16384", "text, n, 16384", "bigint, n, 100000000"})
    void rowsThatACorruptKeyHidesAreMissedAndArriveAfterReindex(String type, String key, long rangeBytes) throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE numbers (id " + type + " PRIMARY KEY, v text, few boolean DEFAULT true)", "CREATE INDEX ON numbers (few)",
                "INSERT INTO numbers SELECT " + key + ", repeat('v', 100) FROM generate_series(1, 5000) n", "ANALYZE");
        LiveCopy.captured(world);
        try (var superuser = world.sourceServer.superuser(world.source)) {
            // As an index does that lost pages in a crash, or that was built for another libc's collation.
            Query.run(superuser, "UPDATE pg_index SET indisready = false WHERE indexrelid = 'numbers_pkey'::regclass");
            world.onSource("INSERT INTO numbers SELECT " + key + ", 'hidden' FROM generate_series(5001, 5100) n");
            Query.run(superuser, "UPDATE pg_index SET indisready = true WHERE indexrelid = 'numbers_pkey'::regclass");
        }
        try (var copy = LiveCopy.inRanges(world, rangeBytes)) {
            Awaitility.await().until(copy::hasEnded);
            assertThat(copy.failure()).contains("Table public.numbers of the source holds 5100 rows", "index numbers_pkey (id) leads to 5000", "REINDEX TABLE CONCURRENTLY public.numbers");
        }
        world.onSource("REINDEX TABLE numbers");
        try (var copy = LiveCopy.inRanges(world, rangeBytes).awaitInSync()) {
            LiveCopy.cutOver(world, copy);
        }
    }

    @Test
    void keysOfTypesWithoutASmallestValueAreCutIntoRangesToo() throws Exception {
        var world = TwoDatabases.empty(15);
        for (var type : List.of("uuid", "bytea", "boolean", "inet", "interval")) {
            var key = switch (type) {
                case "uuid" -> "md5(n::text)::uuid";
                case "bytea" -> "decode(md5(n::text), 'hex')";
                case "boolean" -> "n % 2 = 0";
                case "inet" -> "'10.0.0.0'::inet + n";
                default -> "n * interval '1 minute'";
            };
            world.onSource("CREATE TABLE by_" + type + " (k " + type + ", n int, v text, PRIMARY KEY (k, n))",
                    "INSERT INTO by_" + type + " SELECT " + key + ", n, repeat('v', 100) FROM generate_series(1, 2000) n");
        }
        world.onSource("ANALYZE");
        LiveCopy.captured(world);
        try (var copy = LiveCopy.inRanges(world, RANGE_BYTES).awaitInSync()) {
            try (var target = world.target()) {
                assertThat(Query.strings(target, "SELECT member FROM mastodon_migration.live_range GROUP BY member HAVING count(*) > 1")).contains("public.by_uuid", "public.by_bytea", "public.by_boolean", "public.by_inet");
            }
            LiveCopy.cutOver(world, copy);
        }
    }

    /** Of the functions that note changes, and of the gate. */
    @Test
    void namesThatLookLikeOurQuotesAreCapturedCopiedAndClosed() throws Exception {
        var world = TwoDatabases.empty(15);
        var table = "\"a$gate$b $capture$ $silence$ $$ 'x' %s\"";
        world.onSource("CREATE TABLE " + table + " (\"k$capture$ $gate$ 100%s\" int PRIMARY KEY, \"v$capture$\" text)", "INSERT INTO " + table + " VALUES (1, 'before')");
        LiveCopy.captured(world);
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            world.onSource("INSERT INTO " + table + " VALUES (2, 'captured')", "UPDATE " + table + " SET \"v$capture$\" = 'changed' WHERE \"k$capture$ $gate$ 100%s\" = 1");
            LiveCopy.cutOver(world, copy);
        }
        try (var target = world.target()) {
            assertThat(Query.strings(target, "SELECT t::text FROM " + table + " t ORDER BY 1")).containsExactly("(1,changed)", "(2,captured)");
        }
    }

    @Test
    void whateverTheRolesAreSetToTheCopyArrives() throws Exception {
        var world = LiveCopy.captured(HostileSettings.on(TwoDatabases.between(15, 15)));
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            world.onSource("SET default_transaction_read_only = off", "UPDATE public.settings SET value = 'while it is followed' WHERE var = 'empty'");
            LiveCopy.cutOver(world, copy);
        }
    }

    @Test
    void aRightThatIsMissingEndsInWords() throws Exception {
        var world = LiveCopy.captured(TwoDatabases.between(15, 15));
        world.onSource("REVOKE SELECT ON favourites FROM " + TwoDatabases.OWNER);
        try (var copy = LiveCopy.thatTakesRefusalsForLasting(world, Duration.ofSeconds(4))) {
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(copy::hasEnded);
            assertThat(copy.failure()).contains("permission denied for table favourites", "waiting does not change that");
        }
    }

    /** Heroku's own repairs do so. */
    @Test
    void indexesThatComeAndGoEndNoCopy() throws Exception {
        var world = LiveCopy.captured(TwoDatabases.between(15, 15));
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            world.onSource("CREATE INDEX CONCURRENTLY passing ON statuses (text)", "REINDEX INDEX CONCURRENTLY statuses_pkey");
            Awaitility.await("two looks of the guard").pollDelay(Duration.ofSeconds(5)).until(() -> true);
            assertThat(copy.failure()).isEmpty();
            world.onSource("DROP INDEX passing");
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    @Test
    void aViewThatIsWrittenAnewEndsTheCopy() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE numbers (id bigint PRIMARY KEY, v text)", "CREATE VIEW shown AS SELECT id FROM numbers");
        LiveCopy.captured(world);
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            world.onSource("CREATE OR REPLACE VIEW shown AS SELECT id FROM numbers WHERE id > 0");
            Awaitility.await().until(copy::hasEnded);
            assertThat(copy.failure()).contains("The source's tables were changed while they were being copied", "of public.shown");
        }
    }

    @Test
    void aDefinitionThatIsNotTheSourcesKeepsTheTargetClosed() throws Exception {
        var world = LiveCopy.captured(TwoDatabases.between(15, 15));
        try (var copy = LiveCopy.of(world).awaitInSync()) {
            try (var superuser = world.targetServer.superuser(world.target)) {
                Query.run(superuser, "ALTER TABLE settings ALTER COLUMN value SET DEFAULT 'somebody else''s'");
            }
            world.run(new CloseSource());
            var report = copy.drain();
            assertThat(report.outcome()).isEqualTo(Outcome.REFUSED);
            assertThat(report.message()).contains("column public.settings.value is defined otherwise on the target", "The target was not opened");
        }
    }
}
