package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;

/**
 * Cuts tables into ranges of one of the key's columns, by a sample of the pages, so that each holds about as many bytes. It is the column by which the table's pages are ordered best, if an
 * index leads to it: a range of another one lies all over the table, and a table that does not fit into memory would be read once for each row.
 */
final class RangePlan {
    /**
     * Rows of a member.
     *
     * @param by    the key's column
     * @param lower inclusive, as SQL text of the column's type; null is unbounded, as is a null upper, which is exclusive
     */
    record Range(int tree, String member, String by, String lower, String upper, long bytes) {}

    /** Of the columns that lead an index, with how well the pages are ordered by each, from the table's statistics; one that has none counts as not at all. */
    private static final String ORDERED = """
            SELECT quote_ident(a.attname), coalesce((SELECT abs(s.correlation) FROM pg_stats s WHERE format('%I.%I', s.schemaname, s.tablename) = ? AND s.attname = a.attname AND NOT s.inherited), 0)
            FROM pg_attribute a WHERE a.attrelid = ?::regclass AND EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
              WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree')""";
    /** By which another column must be better than the first one of the key. */
    private static final double CLEARLY = 0.2;

    private static final int SAMPLED_ROWS_PER_RANGE = 50;
    private static final int SAMPLED_PAGES = 100;
    private static final int PAGE_BYTES = 8192;

    private RangePlan() {}

    static List<Range> of(Connection source, Tree tree, long rangeBytes) throws SQLException {
        var ranges = new ArrayList<Range>();
        for (var member : tree.holders()) {
            var by = column(source, tree, member);
            var bounds = bounds(source, by, member, rangeBytes);
            for (var i = 0; i <= bounds.size(); i++) {
                ranges.add(new Range(tree.id(), member.name(), by.column(), i == 0 ? null : bounds.get(i - 1), i == bounds.size() ? null : bounds.get(i),
                        member.bytes() / (bounds.size() + 1)));
            }
        }
        return ranges;
    }

    private static Tree.Key column(Connection source, Tree tree, Tree.Member member) throws SQLException {
        var first = tree.key().getFirst();
        if (tree.key().size() == 1) {
            return first;
        }
        var ordered = new HashMap<String, Double>();
        Query.list(source, ORDERED, row -> ordered.put(row.getString(1), row.getDouble(2)), member.name(), member.name());
        var best = tree.key().stream().filter(Tree.Key::splittable).max(Comparator.comparingDouble(key -> ordered.getOrDefault(key.column(), 0.0)));
        return best.isPresent() && ordered.getOrDefault(best.get().column(), 0.0) > ordered.getOrDefault(first.column(), 0.0) + CLEARLY ? best.get() : first;
    }

    private static List<String> bounds(Connection source, Tree.Key by, Tree.Member member, long rangeBytes) throws SQLException {
        var parts = (int) Math.min(2000, member.bytes() / rangeBytes + 1);
        if (parts == 1 || !by.splittable()) {
            return List.of();
        }
        var column = ordered(by, "t");
        var rows = Math.max(member.rows(), member.bytes() / 2000);
        // Pages are taken as a whole: too few of them may be none.
        var percent = Math.clamp(100.0 * Math.max((double) SAMPLED_ROWS_PER_RANGE * parts / Math.max(1, rows), (double) SAMPLED_PAGES * PAGE_BYTES / member.bytes()), 0.001, 100);
        return Query.strings(source, "WITH sample AS (SELECT " + column + " AS k FROM " + member.name() + " t TABLESAMPLE SYSTEM (" + percent + ")), cut AS "
                + "(SELECT k, ntile(" + parts + ") OVER (ORDER BY k) AS part FROM sample) SELECT k::text FROM (SELECT DISTINCT k FROM (SELECT DISTINCT ON (part) k "
                + "FROM cut WHERE part > 1 ORDER BY part, k) firsts) bounds ORDER BY bounds.k");
    }

    private static String ordered(Tree.Key key, String row) {
        return row + "." + key.column() + (key.collated() ? " COLLATE \"C\"" : "");
    }

    /** As a condition on rows named {@code t}; empty when the range is the whole table. */
    static String condition(Tree tree, String by, String lower, String upper) {
        var key = tree.key().stream().filter(column -> column.column().equals(by)).findFirst().orElseThrow(() -> new IllegalStateException("no key column " + by + " of " + tree.root()));
        return (lower == null ? "" : " AND " + ordered(key, "t") + " >= " + key.literal(lower))
                + (upper == null ? "" : " AND " + ordered(key, "t") + " < " + key.literal(upper));
    }
}
