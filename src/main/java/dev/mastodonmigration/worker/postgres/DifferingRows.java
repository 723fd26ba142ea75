package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Names the rows in which a table differs, by primary key, in two readings of it: sums by bucket of keys, then the rows of a few unequal buckets. */
final class DifferingRows {
    private static final int MOST_BUCKETS = 10;
    private static final int MOST_KEYS = 10;
    private static final String BUCKET = "('x' || left(md5(key), 3))::bit(12)::int";

    /** Only a primary key: another unique key may be a token, which no message may show. */
    private static final String PRIMARY_KEY = """
            SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
            WHERE i.indrelid = ?::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)""";

    private final PinnedSessions source;
    private final PinnedSessions target;

    DifferingRows(PinnedSessions source, PinnedSessions target) {
        this.source = source;
        this.target = target;
    }

    /** One line about one table. */
    String describe(Table table, List<String> columns, TableSum there, TableSum here) throws SQLException, IOException, Refusal, InterruptedException {
        var counts = "table " + table + " differs (" + there.rows() + " rows on the source, " + here.rows() + " on the target)";
        var key = source.ask(session -> Query.strings(session, PRIMARY_KEY, table.sql()));
        if (key.isEmpty()) {
            return counts + "; it has no primary key to name rows by";
        }
        var from = "(SELECT " + TableSum.row(key) + " AS key, md5(" + TableSum.row(columns) + ") AS hash FROM ONLY " + table.sql() + " OFFSET 0) hashes";
        var sourceSums = source.submit(session -> buckets(session, from));
        var targetSums = Parallel.result(target.submit(session -> buckets(session, from)));
        var unequal = unequal(Parallel.result(sourceSums), targetSums).stream().limit(MOST_BUCKETS).map(String::valueOf).toList();
        var filter = "SELECT key, hash FROM " + from + " WHERE " + BUCKET + " = ANY (?::text[]::int[])";
        var sourceRows = source.ask(session -> rows(session, filter, unequal));
        var targetRows = target.ask(session -> rows(session, filter, unequal));
        return counts + ": " + String.join(", ", named(String.join(", ", key), sourceRows, targetRows));
    }

    private static Map<Integer, TableSum> buckets(Connection session, String from) throws SQLException {
        var sums = new HashMap<Integer, TableSum>();
        Query.list(session, "SELECT " + BUCKET + ", count(*), sum(" + TableSum.half("left") + "), sum(" + TableSum.half("right") + ") FROM " + from
                + " GROUP BY 1",
                row -> sums.put(row.getInt(1), new TableSum(row.getLong(2), row.getBigDecimal(3), row.getBigDecimal(4))));
        return sums;
    }

    private static TreeSet<Integer> unequal(Map<Integer, TableSum> there, Map<Integer, TableSum> here) {
        var all = new TreeSet<>(there.keySet());
        all.addAll(here.keySet());
        all.removeIf(bucket -> there.containsKey(bucket) && there.get(bucket).equals(here.get(bucket)));
        return all;
    }

    private static Map<String, String> rows(Connection session, String sql, List<String> buckets) throws SQLException {
        var found = new HashMap<String, String>();
        Query.list(session, sql, row -> found.put(row.getString(1), row.getString(2)), buckets);
        return found;
    }

    private static List<String> named(String key, Map<String, String> there, Map<String, String> here) {
        var keys = new TreeSet<>(there.keySet());
        keys.addAll(here.keySet());
        var names = new ArrayList<String>();
        for (var value : keys) {
            var state = Optional.ofNullable(there.get(value)).map(hash -> here.containsKey(value)
                    ? (hash.equals(here.get(value)) ? "" : "differs") : "is missing on the target").orElse("is only on the target");
            if (!state.isEmpty() && names.size() < MOST_KEYS) {
                names.add("(" + key + ") = " + value + " " + state);
            }
        }
        return names;
    }
}
