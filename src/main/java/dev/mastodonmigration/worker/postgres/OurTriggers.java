package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Takes our triggers off, the write gate's and the capture's, and our schema with them. A trigger goes only when nobody reads its table, and whoever waits for
 * that makes all others wait behind: so a table that somebody has been reading for a while is left for later, and the others are asked for briefly.
 */
public final class OurTriggers {
    /** A transaction that holds a table longer than this is not waited for. */
    private static final String HELD = """
            SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.relation = ?::regclass AND l.granted AND l.pid <> pg_backend_pid()
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND a.backend_type = 'client backend'
              AND a.xact_start < clock_timestamp() - interval '1 second')""";
    private static final String HOLDERS = """
            SELECT format('pid %s%s since %s', a.pid, coalesce(' (' || nullif(a.application_name, '') || ')', ''), coalesce(date_trunc('second', a.xact_start)::text, 'an unknown time'))
            FROM pg_stat_activity a WHERE a.pid IN (SELECT l.pid FROM pg_locks l WHERE l.relation = ANY (?::text[]::regclass[]) AND l.granted
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AND a.pid <> pg_backend_pid() ORDER BY a.xact_start LIMIT 3""";
    private static final String OURS = """
            SELECT format('%I.%I', n.nspname, c.relname), string_agg(quote_ident(g.tgname), ',') FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE g.tgname IN ('mastodon_migration_gate', 'mastodon_migration_insert', 'mastodon_migration_update', 'mastodon_migration_delete', 'mastodon_migration_truncate')
            GROUP BY 1 ORDER BY 1""";
    private static final String NO_SCHEMA = "SELECT to_regnamespace('" + Marker.SCHEMA + "') IS NULL";

    private record Triggered(String table, String triggers) {}

    private OurTriggers() {}

    /** One pass over the tables; answers those that keep theirs, because somebody has them. */
    public static List<String> tryDrop(Connection connection) throws SQLException, Refusal {
        var left = new ArrayList<String>();
        for (var table : Query.list(connection, OURS, row -> new Triggered(row.getString(1), row.getString(2)))) {
            if (Query.isTrue(connection, HELD, table.table()) || !TableLock.tryIn(connection, table.table(), () -> {
                for (var trigger : table.triggers().split(",")) {
                    Query.run(connection, "DROP TRIGGER IF EXISTS " + trigger + " ON " + table.table());
                }
            })) {
                left.add(table.table());
            }
        }
        return left;
    }

    /** One pass over the tables and, when none is left, our schema; answers whether all is gone. */
    static boolean tryDropWithSchema(Connection connection) throws SQLException, Refusal {
        return tryDrop(connection).isEmpty() && WriteGate.tryLocked(connection, () -> Query.run(connection, "DROP SCHEMA IF EXISTS " + Marker.SCHEMA + " CASCADE"));
    }

    /**
     * The same, again and again.
     *
     * @throws SQLException when somebody still reads a table after that time, naming who
     */
    static void dropWithSchema(Connection connection, Duration patience) throws SQLException, Refusal {
        var deadline = System.nanoTime() + patience.toNanos();
        while (!tryDropWithSchema(connection)) {
            if (System.nanoTime() > deadline) {
                throw new SQLException(stillRead(connection));
            }
            LockSupport.parkNanos(Math.min(TableLock.BETWEEN_LOCKS.toNanos(), Math.max(1, deadline - System.nanoTime())));
        }
    }

    /** What keeps our triggers or our schema there, for the admin; nothing waits for it. */
    static String stillRead(Connection connection) throws SQLException {
        if (Query.isTrue(connection, NO_SCHEMA)) {
            return "nothing of ours is left";
        }
        var left = Query.list(connection, OURS, row -> row.getString(1));
        var held = left.isEmpty() ? Query.strings(connection, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = '" + Marker.SCHEMA + "'") : left;
        var holders = Query.strings(connection, HOLDERS, held);
        return "triggers of ours, which no longer refuse anything, stay on " + left.size() + " tables" + (left.isEmpty() ? "" : ", first " + left.getFirst()) + ", and our schema with them, while sessions read there: "
                + (holders.isEmpty() ? "short ones, one after the other" : String.join(", ", holders));
    }
}
