package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Puts the write gate, whose function refuses already, on every table of a live database, and proves that nobody who wrote before is still there.
 *
 * @param grace how long transactions that began before the gate may still take to end by themselves
 */
record Closing(Connection session, Side side, Duration grace) {
    private static final Duration GIVE_UP = Duration.ofMinutes(3);

    /** Sessions that hold a lock with which somebody writes; an autovacuum yields by itself and cannot be ended by an owner. */
    private static final String WRITERS = """
            SELECT DISTINCT a.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.relation = ANY (?::text[]::regclass[]) AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.granted AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
              AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend' AND (a.xact_start IS NULL OR a.xact_start <= ?::timestamptz)""";

    /** One table at a time, so that no lock is held while waiting for another; answers how many sessions had to be ended. */
    int run() throws SQLException, Refusal {
        var begun = System.nanoTime();
        var ended = 0;
        // Those that have the trigger too: whoever passed it while it let pass holds the table's lock until the end.
        var open = WriteGate.tables(session);
        while (!open.isEmpty()) {
            var stuck = new ArrayList<String>();
            for (var table : open) {
                if (!WriteGate.tryClose(session, table)) {
                    stuck.add(table);
                    requireNotOpenedMeanwhile();
                    ended += System.nanoTime() - begun > grace.toNanos() ? endWriters(List.of(table)) : 0;
                }
            }
            if (System.nanoTime() - begun > GIVE_UP.toNanos()) {
                throw new SQLException(describe(stuck));
            }
            open = Stream.concat(stuck.stream(), WriteGate.ungated(session).stream()).distinct().toList();
        }
        requireNotOpenedMeanwhile();
        return ended + endOlderThanTheGate();
    }

    /** Whoever writes then is the instance, which runs again, and is not to be ended. */
    private void requireNotOpenedMeanwhile() throws SQLException, Refusal {
        if (!WriteGate.refuses(session)) {
            throw new Refusal("The " + side + " database was not closed for writing, because it was given back to the instance meanwhile.");
        }
    }

    private int endWriters(List<String> tables) throws SQLException {
        var now = Query.string(session, "SELECT clock_timestamp()::text");
        return Sessions.end(session, Query.list(session, WRITERS, row -> row.getInt(1), tables, now));
    }

    /** Taking each lock has already waited for the older writers; this proves it, and ends any that a cancelled statement left. */
    private int endOlderThanTheGate() throws SQLException {
        return endWriters(Table.all(session).stream().map(Table::sql).toList());
    }

    private String describe(List<String> stuck) throws SQLException {
        var prepared = Query.strings(session, "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()");
        return "the write gate cannot be put on " + stuck.size() + " tables of the " + side + ", first " + stuck + ": " + (prepared.isEmpty()
                ? "a session holds them locked that this role may not end, such as an autovacuum to prevent wraparound; wait for it"
                : "prepared transactions " + prepared + " hold them locked; COMMIT PREPARED or ROLLBACK PREPARED them");
    }
}
