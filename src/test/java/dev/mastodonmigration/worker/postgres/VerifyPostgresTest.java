package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every sabotage is done to its own copy of a target that was equal to the source. */
@ExtendWith(SharedPostgres.class)
class VerifyPostgresTest {
    private static TwoDatabases loaded;

    @BeforeAll
    static void load() throws Exception {
        loaded = TwoDatabases.between(15, 15).copied();
    }

    @AfterAll
    static void forget() {
        loaded = null;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            UPDATE tags SET max_score = 'Infinity' WHERE id = 7 | table tags differs | (id) = (7) differs
            UPDATE tags SET max_score = 0 WHERE max_score::text = '-0' AND id = 2 | table tags differs | (id) = (2) differs
            DELETE FROM favourites WHERE id = (SELECT min(id) FROM favourites) | table favourites differs | (id) = (1) is missing on the target
            INSERT INTO settings (id, var) VALUES (777, 'extra') | table settings differs | (id) = (777) is only on the target
            UPDATE settings SET value = NULL WHERE var = 'empty' | table settings differs | differs
            UPDATE extremes SET document = '{"a":1}' WHERE id = 2 | table extremes differs | (id) = (2) differs
            DELETE FROM accounts_tags WHERE tag_id = 1 AND account_id = (SELECT min(account_id) FROM accounts_tags) | table accounts_tags differs | (tag_id, account_id) = (1,
            UPDATE keyless_log SET line = 'line 0 ' WHERE ctid = '(0,1)' | table keyless_log differs | no primary key
            DELETE FROM account_events WHERE id = 400 | table account_events_later differs | (id, happened_on) = (400,
            DROP INDEX index_tags_on_name_lower_btree | index public.index_tags_on_name_lower_btree is missing on the target | differ in 1 places
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'index_accounts_on_uri'::regclass | index public.index_accounts_on_uri is | INVALID
            ALTER TABLE mentions DROP CONSTRAINT mentions_status_id_fkey | constraint mentions_status_id_fkey of public.mentions is missing | differ in 1 places
            ALTER TABLE settings ALTER COLUMN var TYPE text | column public.settings.var is | character varying
            SELECT setval('statuses_id_seq', 1) | sequence public.statuses_id_seq is at 1 on the target | behind
            DROP VIEW user_ips | relation public.user_ips is missing | on the target
            CREATE OR REPLACE FUNCTION timestamp_id(relation text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint' | function public.timestamp_id(relation text) is | differ in 1 places
            """)
    void namesWhatDiffers(String sabotage, String object, String detail) throws Exception {
        var world = loaded.withCopyOfTarget();
        world.sabotage(sabotage);
        var report = world.run(new VerifyPostgres());
        assertThat(report.outcome()).isEqualTo(Outcome.REFUSED);
        assertThat(report.message()).contains(object).contains(detail);
        assertThat(report.figures().get(Figure.DIFFERENCES)).isPositive();
    }

    @Test
    void aTableIsReadInPartsThatAddUp() throws Exception {
        try (var source = loaded.source()) {
            var columns = List.of("id", "text");
            var table = Table.all(source).stream().filter(t -> t.name().equals("statuses")).findFirst().orElseThrow();
            assertThat(table.blocks()).isGreaterThan(3);
            var whole = TableSum.read(source, new TableSum.Part(table, 0, Long.MAX_VALUE, 0), columns);
            var first = TableSum.read(source, new TableSum.Part(table, 0, 2, 0), columns);
            var rest = TableSum.read(source, new TableSum.Part(table, 2, Long.MAX_VALUE, 0), columns);
            assertThat(first.rows()).isPositive();
            assertThat(first.plus(rest)).isEqualTo(whole);
            var large = new Table("public", "large", false, 3L << 30, 100_000);
            var parts = TableSum.Part.of(large);
            assertThat(parts).hasSize(6);
            assertThat(parts.getLast().toBlock()).isEqualTo(Long.MAX_VALUE);
            for (var i = 1; i < parts.size(); i++) {
                assertThat(parts.get(i).fromBlock()).isEqualTo(parts.get(i - 1).toBlock());
            }
        }
    }
}
