package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Takes our triggers off, the write gate's and the capture's, and our schema with them. A trigger goes only when nobody reads its table, and whoever waits for
 * that makes all others wait behind: so a table that somebody has been reading for a while is left for later, and the others are asked for briefly.
 */
public final class OurTriggers {
    /** By others, for longer than a moment, or nobody tells for how long: another role's transaction, a prepared one; a vacuum would have to be cancelled. */
    private static final String HELD = """
            SELECT EXISTS (SELECT FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.relation = ?::regclass AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (l.mode = 'ShareUpdateExclusiveLock' OR coalesce(a.xact_start < clock_timestamp() - interval '1 second', true)))""";
    private static final String HOLDERS = """
            SELECT coalesce('pid ' || a.pid || format('%s since %s', coalesce(' (' || nullif(a.application_name, '') || ')', ''), coalesce(date_trunc('second', a.xact_start)::text, 'an unknown time')),
              'a prepared transaction (COMMIT PREPARED or ROLLBACK PREPARED one of pg_prepared_xacts)')
            FROM (SELECT DISTINCT l.pid FROM pg_locks l WHERE l.relation = ANY (?::text[]::regclass[]) AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) l LEFT JOIN pg_stat_activity a ON a.pid = l.pid ORDER BY a.xact_start LIMIT 3""";
    private static final String NAMED = """
            SELECT format('%%I.%%I', n.nspname, c.relname), string_agg(quote_ident(g.tgname), ',') FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE g.tgname = ANY ('{%s}') GROUP BY 1 ORDER BY 1""";
    private static final String THE_GATE = NAMED.formatted(WriteGate.TRIGGER);
    private static final String OURS = NAMED.formatted(WriteGate.TRIGGER + ", mastodon_migration_insert, mastodon_migration_update, mastodon_migration_delete, mastodon_migration_truncate");
    private static final String NO_SCHEMA = "SELECT to_regnamespace('" + Marker.SCHEMA + "') IS NULL";

    private record Triggered(String table, String triggers) {}

    private OurTriggers() {}

    /** One pass over the tables, for so long at most: takes the write gate off, which lets pass, where nobody reads. The capture stays, by which a way back is kept up. */
    public static void tryDropGate(Connection connection, Duration atMost) throws SQLException, Refusal {
        tryDrop(connection, THE_GATE, atMost);
    }

    /** Answers those tables that keep theirs, because somebody has them. */
    private static List<String> tryDrop(Connection connection, String which, Duration atMost) throws SQLException, Refusal {
        var deadline = System.nanoTime() + atMost.toNanos();
        var left = new ArrayList<String>();
        for (var table : Query.list(connection, which, row -> new Triggered(row.getString(1), row.getString(2)))) {
            if (System.nanoTime() > deadline || Query.isTrue(connection, HELD, table.table()) || !TableLock.tryIn(connection, table.table(), Stream.of(table.triggers().split(","))
                    .map(trigger -> "DROP TRIGGER IF EXISTS " + trigger + " ON " + table.table()).collect(Collectors.joining("; ")))) {
                left.add(table.table());
            }
        }
        return left;
    }

    /** One pass over the tables, for so long at most, and, when none is left, our schema; answers whether all is gone. */
    static boolean tryDropWithSchema(Connection connection, Duration atMost) throws SQLException, Refusal {
        return SuspendedEffects.isOver(connection) && tryDrop(connection, OURS, atMost).isEmpty() && WriteGate.tryLocked(connection, TableLock.LOCK_TIMEOUT, () -> Query.run(connection, "DROP SCHEMA IF EXISTS " + Marker.SCHEMA + " CASCADE"));
    }

    /**
     * The same, again and again.
     *
     * @throws SQLException when somebody still reads a table after that time, naming who
     */
    static void dropWithSchema(Connection connection, Duration patience) throws SQLException, Refusal {
        var deadline = System.nanoTime() + patience.toNanos();
        while (!tryDropWithSchema(connection, patience)) {
            if (System.nanoTime() > deadline) {
                throw new SQLException(stillRead(connection));
            }
            LockSupport.parkNanos(Math.min(TableLock.BETWEEN_LOCKS.toNanos(), Math.max(1, deadline - System.nanoTime())));
        }
    }

    /**
     * Before anything is taken off.
     *
     * @throws SQLException when somebody reads a table of ours or of the instance's, naming who
     */
    static void requireNobodyReads(Connection connection) throws SQLException {
        for (var table : Query.list(connection, OURS, row -> row.getString(1))) {
            if (Query.isTrue(connection, HELD, table)) {
                throw new SQLException(stillRead(connection));
            }
        }
    }

    /** Who has one of these tables, for the admin; empty when nobody has. */
    public static String holders(Connection connection, List<String> tables) throws SQLException {
        return String.join(", ", Query.strings(connection, HOLDERS, tables));
    }

    /** What keeps our triggers or our schema there, for the admin; nothing waits for it. */
    static String stillRead(Connection connection) throws SQLException {
        if (Query.isTrue(connection, NO_SCHEMA)) {
            return "nothing of ours is left";
        }
        if (!SuspendedEffects.isOver(connection)) {
            return "what was taken out is to be brought back or checked first, and our schema stays until then: " + String.join(", ", SuspendedEffects.pending(connection));
        }
        var left = Query.list(connection, OURS, row -> row.getString(1));
        var held = left.isEmpty() ? Query.strings(connection, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = '" + Marker.SCHEMA + "'") : left;
        var holders = Query.strings(connection, HOLDERS, held);
        return "triggers of ours stay on " + left.size() + " tables" + (left.isEmpty() ? "" : ", first " + left.getFirst()) + ", and our schema with them, for now"
                + (holders.isEmpty() ? "" : ", while sessions read there: " + String.join(", ", holders));
    }
}
