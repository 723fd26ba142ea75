package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * Looks for rows that a unique index should have refused: texts sort otherwise since some update of the server's C library, and an index built before is
 * blind to what is there. The source works on, but the same index cannot be built on the target. Never asks the index itself.
 */
final class HiddenDuplicates {
    private static final long LARGE_BYTES = 4L << 30;
    private static final Duration BUDGET = Duration.ofSeconds(60);

    /** @param columns as the index writes them, expressions too */
    private record Unique(String index, String table, List<String> columns, String predicate, long bytes) {
        String key() {
            return String.join(", ", columns);
        }

        /** No null equals another one. */
        String groups() {
            return "FROM ONLY " + table + " WHERE (" + predicate + ") AND " + String.join(" AND ", columns.stream().map(column -> "(" + column
                    + ") IS NOT NULL").toList()) + " GROUP BY " + key() + " HAVING count(*) > 1";
        }
    }

    /** Those over texts: numbers have one order for ever. */
    private static final String UNIQUES = """
            SELECT quote_ident(x.relname), format('%I.%I', n.nspname, c.relname), (SELECT array_agg(pg_get_indexdef(i.indexrelid, k, true) ORDER BY k)
              FROM generate_series(1, i.indnkeyatts) k)::text[], coalesce(pg_get_expr(i.indpred, i.indrelid, true), 'true'), pg_table_size(c.oid)
            FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE i.indisunique AND i.indisvalid AND c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
              AND EXISTS (SELECT FROM unnest(i.indcollation) l WHERE l <> 0) AND""" + " " + Table.USER_TABLE + " ORDER BY 5, 2, 1";

    private final Connection source;
    private final List<String> blockers;
    private final List<String> notes;

    HiddenDuplicates(Connection source, List<String> blockers, List<String> notes) {
        this.source = source;
        this.blockers = blockers;
        this.notes = notes;
    }

    void run() throws SQLException, Refusal {
        var look = new BoundedLook(source, BUDGET, LARGE_BYTES);
        for (var unique : Query.list(source, UNIQUES, row -> new Unique(row.getString(1), row.getString(2), Query.array(row, 3), row.getString(4),
                row.getLong(5)))) {
            look.at(unique.index(), unique.bytes(), () -> look(unique));
        }
        look.unseen().ifPresent(unseen -> notes.add("whether rows are hidden from unique indexes " + unseen + ", because it builds the same indexes"));
    }

    private void look(Unique unique) throws SQLException {
        var groups = Query.number(source, "SELECT count(*) FROM (SELECT 1 " + unique.groups() + " LIMIT 1000) found");
        if (groups > 0) {
            blockers.add("Unique index " + unique.index() + " of " + unique.table() + " is corrupt: " + (groups == 1000 ? "1000 or more" : groups)
                    + " values are there more than once, hidden from it, and the index cannot be built on the target. Find them with: SET "
                    + "enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; SELECT " + unique.key() + ", count(*) "
                    + unique.groups() + "; merge or delete the surplus rows, then REINDEX INDEX " + unique.index() + ".");
        }
    }
}
