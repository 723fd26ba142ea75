package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Side;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Whether the indexes of a key's columns lead to every row. Ranges are read, and changed rows are found, through one or another of them, on both sides alike: what it hides would be missing on
 * the target and called equal.
 */
final class KeyIndex {
    /** Each with its own order, which no other index has; not those of a part of the rows, which the conditions of ours never select. */
    private static final String INDEXES = """
            SELECT quote_ident(x.relname), (SELECT string_agg(quote_ident(a.attname) || CASE WHEN o.option & 1 = 1 THEN ' DESC' ELSE '' END
                || CASE WHEN o.option & 2 = 2 THEN ' NULLS FIRST' ELSE ' NULLS LAST' END, ', ' ORDER BY k.position)
              FROM unnest(i.indkey) WITH ORDINALITY k(attnum, position) JOIN unnest(i.indoption) WITH ORDINALITY o(option, position) USING (position)
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum), quote_ident(l.attname)
            FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam JOIN pg_attribute l ON l.attrelid = i.indrelid AND l.attnum = i.indkey[0]
            WHERE i.indrelid = ?::regclass AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND m.amname = 'btree' AND quote_ident(l.attname) = ANY (?::text[])
            ORDER BY i.indisprimary DESC, 1""";

    private record Index(String name, String order, String lead) {}

    private KeyIndex() {}

    /**
     * Counts a member's rows by its pages and by each of these indexes, in one snapshot of the source.
     *
     * @throws Refusal when they are not as many
     */
    static void requireWhole(Connection source, Side side, Tree tree, Tree.Member member) throws SQLException, Refusal {
        LiveSessions.snapshot(source);
        try {
            var indexes = Query.list(source, INDEXES, row -> new Index(row.getString(1), row.getString(2), row.getString(3)), member.name(),
                    tree.key().stream().map(Tree.Key::column).toList());
            var counting = "SELECT count(*) FROM ONLY " + member.name();
            Query.run(source, "SET LOCAL enable_indexscan = off", "SET LOCAL enable_indexonlyscan = off", "SET LOCAL enable_bitmapscan = off");
            var rows = Query.number(source, counting);
            Query.run(source, "SET LOCAL enable_indexscan = on", "SET LOCAL enable_indexonlyscan = on", "SET LOCAL enable_seqscan = off", "SET LOCAL enable_sort = off",
                    "SET LOCAL enable_incremental_sort = off");
            for (var index : indexes) {
                var led = led(source, member, index, counting);
                if (rows != led) {
                    throw new Refusal("Table " + member.name() + " of the " + side + " holds " + rows + " rows, and its index " + index.name() + " (" + index.order().replaceAll(" NULLS (FIRST|LAST)", "")
                            + ") leads to " + led + ": it is corrupt, and what it hides would be lost. Run REINDEX TABLE CONCURRENTLY " + member.name()
                            + " on the " + side + "; where that finds duplicates, remove them first.");
                }
            }
        } finally {
            if (!source.isClosed()) {
                LiveSessions.end(source);
            }
        }
    }

    /** Rows in the index's own order, which only a walk through it yields without a sort. An order of another kind than a column's usual one cannot be asked for: there the planner may take another way. */
    private static long led(Connection source, Tree.Member member, Index index, String counting) throws SQLException {
        var ordered = "SELECT count(*) FROM (SELECT FROM ONLY " + member.name() + " ORDER BY " + index.order() + " OFFSET 0) ordered";
        var isByIt = Query.strings(source, "EXPLAIN " + ordered).stream().anyMatch(line -> List.of(line.trim().split("\\s+")).contains(index.name()));
        return Query.number(source, isByIt ? ordered : counting + " WHERE " + index.lead() + " IS NOT NULL");
    }
}
