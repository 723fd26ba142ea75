package dev.mastodonmigration.worker.postgres;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The count and order-free sum of rows: two 64-bit halves of each row's md5, added up. A sum, never an exclusive or, which two equal rows cancel out.
 * Sums of parts add up to the sum of the whole, so a large table is read in parts, side by side.
 */
public record TableSum(long rows, BigDecimal high, BigDecimal low) {
    public static final TableSum NONE = new TableSum(0, BigDecimal.ZERO, BigDecimal.ZERO);

    /**
     * A range of a table's pages. The last one is open, because a table may have grown since it was measured.
     *
     * @param bytes its share of the table, TOAST counted, for progress
     */
    public record Part(Table table, long fromBlock, long toBlock, long bytes) {
        private static final long TARGET_BYTES = 512L << 20;

        static List<Part> of(Table table) {
            var count = table.partitioned() ? 0 : Math.max(1, Math.min(table.blocks(), table.bytes() / TARGET_BYTES));
            var parts = new ArrayList<Part>();
            for (var i = 0L; i < count; i++) {
                var end = i == count - 1 ? Long.MAX_VALUE : table.blocks() * (i + 1) / count;
                parts.add(new Part(table, table.blocks() * i / count, end, table.bytes() / count));
            }
            return parts;
        }

        private String range() {
            return (fromBlock == 0 ? "" : " AND ctid >= '(" + fromBlock + ",0)'") + (toBlock == Long.MAX_VALUE ? "" : " AND ctid < '(" + toBlock + ",0)'");
        }
    }

    /** Half of a hexadecimal md5 as a signed number. */
    public static String half(String function) {
        return "('x' || " + function + "(hash, 16))::bit(64)::bigint";
    }

    public static String row(List<String> columns) {
        return "ROW(" + String.join(", ", columns.stream().map(Query::quoted).toList()) + ")::text";
    }

    /** Reads one part. The subquery's OFFSET keeps the planner from computing each hash twice. */
    public static TableSum read(Connection session, Part part, List<String> columns) throws SQLException {
        return Query.one(session, "SELECT count(*), coalesce(sum(" + half("left") + "), 0), coalesce(sum(" + half("right") + "), 0) FROM (SELECT md5("
                + row(columns)
                + ") AS hash FROM ONLY " + part.table().sql() + " WHERE true" + part.range() + " OFFSET 0) hashes",
                row -> new TableSum(row.getLong(1), row.getBigDecimal(2), row.getBigDecimal(3)));
    }

    public TableSum plus(TableSum other) {
        return new TableSum(rows + other.rows, high.add(other.high), low.add(other.low));
    }
}
