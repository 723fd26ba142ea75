package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Cuts tables into ranges of the key's first column, by a sample of the pages, so that each holds about as many bytes. */
final class RangePlan {
    /** @param lower inclusive, as SQL text of the column's type; null is unbounded, as is a null upper, which is exclusive */
    record Range(int tree, String member, String lower, String upper, long bytes) {}

    private static final int SAMPLED_ROWS_PER_RANGE = 50;

    private RangePlan() {}

    static List<Range> of(Connection source, Tree tree, long rangeBytes) throws SQLException {
        var ranges = new ArrayList<Range>();
        for (var member : tree.holders()) {
            var bounds = bounds(source, tree, member, rangeBytes);
            for (var i = 0; i <= bounds.size(); i++) {
                ranges.add(new Range(tree.id(), member.name(), i == 0 ? null : bounds.get(i - 1), i == bounds.size() ? null : bounds.get(i),
                        member.bytes() / (bounds.size() + 1)));
            }
        }
        return ranges;
    }

    private static List<String> bounds(Connection source, Tree tree, Tree.Member member, long rangeBytes) throws SQLException {
        var parts = (int) Math.min(2000, member.bytes() / rangeBytes + 1);
        if (parts == 1 || !tree.key().getFirst().splittable()) {
            return List.of();
        }
        var column = ordered(tree, "t");
        var rows = Math.max(member.rows(), member.bytes() / 2000);
        var percent = Math.clamp(100.0 * SAMPLED_ROWS_PER_RANGE * parts / Math.max(1, rows), 0.001, 100);
        return Query.strings(source, "WITH sample AS (SELECT " + column + " AS k FROM " + member.name() + " t TABLESAMPLE SYSTEM (" + percent + ")), cut AS "
                + "(SELECT k, ntile(" + parts + ") OVER (ORDER BY k) AS part FROM sample) SELECT k::text FROM (SELECT DISTINCT k FROM (SELECT DISTINCT ON (part) k "
                + "FROM cut WHERE part > 1 ORDER BY part, k) firsts) bounds ORDER BY bounds.k");
    }

    static String ordered(Tree tree, String row) {
        var key = tree.key().getFirst();
        return row + "." + key.column() + (key.collated() ? " COLLATE \"C\"" : "");
    }

    /** As a condition on rows named {@code t}; empty when the range is the whole table. */
    static String condition(Tree tree, String lower, String upper) {
        var key = tree.key().getFirst();
        return (lower == null ? "" : " AND " + ordered(tree, "t") + " >= " + key.literal(lower))
                + (upper == null ? "" : " AND " + ordered(tree, "t") + " < " + key.literal(upper));
    }
}
