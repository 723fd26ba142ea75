package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Brings the write gate down on a source that {@link MarkSource} took: from here on nothing changes there, whoever connects. Without the marker it
 * does nothing, because a worker that was asleep while the source was given back would close a live instance.
 */
public final class CloseSource implements WorkerTask {
    static final String NAME = "close-source";
    private static final Duration GIVE_UP = Duration.ofMinutes(3);

    /** Sessions that hold a lock with which somebody writes; an autovacuum yields by itself and cannot be ended by an owner. */
    private static final String WRITERS = """
            SELECT DISTINCT a.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.relation = ANY (?::text[]::regclass[]) AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.granted AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
              AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend' AND (a.xact_start IS NULL OR a.xact_start <= ?::timestamptz)""";

    private final Duration grace;

    public CloseSource() {
        this(Duration.ofSeconds(5));
    }

    /** @param grace how long transactions that began before the gate may still take to end by themselves */
    CloseSource(Duration grace) {
        this.grace = grace;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = Database.source(context, NAME).open()) {
            Transaction.in(source, () -> mark(source, context));
            var ended = close(source);
            WriteGate.requireUp(source, Side.SOURCE);
            var tables = Table.all(source).size();
            var notes = ended == 0 ? List.<String>of() : List.of(ended + " sessions on the source were still writing " + grace.toSeconds()
                    + " s after the freeze and were ended; what they had not committed was never acknowledged");
            return WorkerReport.succeeded("The source database is closed for writing: " + tables + " tables.",
                    Map.of(WorkerReport.Figure.TABLES, (long) tables, WorkerReport.Figure.REFUSED_WRITES, WriteGate.refusedWrites(source)), notes);
        }
    }

    /** The marker as {@link #mark} wants it, and the tables that it will close. */
    @Override
    public void standBy(WorkerContext context) throws Exception {
        try (var source = Database.source(context, NAME).open()) {
            var marker = Marker.ours(source, Side.SOURCE, context);
            marker.requireSource(context);
            WriteGate.ungated(source);
            Table.all(source);
        }
    }

    private static void mark(Connection source, WorkerContext context) throws SQLException, Refusal {
        TargetClaim.lock(source);
        var marker = Marker.read(source).orElseThrow(() -> new Refusal("The source database was not closed for writing, because it no longer carries the marker of "
                + context.migrationName() + ": it was given back to the instance after this worker was started. To move it, start a new migration."));
        marker.requireOurs(Side.SOURCE, context);
        marker.requireSource(context);
        marker.requireNotGivenBack(context);
        Marker.update(source, context, Marker.State.CLOSED, Optional.empty());
        WriteGate.refuse(source);
    }

    /** One table at a time, so that no lock is held while waiting for another; answers how many sessions had to be ended. */
    private int close(Connection source) throws SQLException, Refusal {
        var begun = System.nanoTime();
        var ended = 0;
        // Those that have the trigger too: whoever passed it while it let pass holds the table's lock until the end.
        var open = WriteGate.tables(source);
        while (!open.isEmpty()) {
            var stuck = new ArrayList<String>();
            for (var table : open) {
                if (!WriteGate.tryClose(source, table)) {
                    stuck.add(table);
                    requireNotGivenBackMeanwhile(source);
                    ended += System.nanoTime() - begun > grace.toNanos() ? endWriters(source, List.of(table)) : 0;
                }
            }
            if (System.nanoTime() - begun > GIVE_UP.toNanos()) {
                throw new SQLException(describe(source, stuck));
            }
            open = Stream.concat(stuck.stream(), WriteGate.ungated(source).stream()).distinct().toList();
        }
        requireNotGivenBackMeanwhile(source);
        return ended + endOlderThanTheGate(source);
    }

    /** Whoever writes then is the instance, which runs again, and is not to be ended. */
    private static void requireNotGivenBackMeanwhile(Connection source) throws SQLException, Refusal {
        if (!WriteGate.refuses(source)) {
            throw new Refusal("The source database was not closed for writing, because it was given back to the instance meanwhile.");
        }
    }

    private static int endWriters(Connection source, List<String> tables) throws SQLException {
        var now = Query.string(source, "SELECT clock_timestamp()::text");
        return Sessions.end(source, Query.list(source, WRITERS, row -> row.getInt(1), tables, now));
    }

    /** Taking each lock has already waited for the older writers; this proves it, and ends any that a cancelled statement left. */
    private static int endOlderThanTheGate(Connection source) throws SQLException {
        return endWriters(source, Table.all(source).stream().map(Table::sql).toList());
    }

    private static String describe(Connection source, List<String> stuck) throws SQLException {
        var prepared = Query.strings(source, "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()");
        return "the write gate cannot be put on " + stuck.size() + " tables of the source, first " + stuck + ": " + (prepared.isEmpty()
                ? "a session holds them locked that this role may not end, such as an autovacuum to prevent wraparound; wait for it"
                : "prepared transactions " + prepared + " hold them locked; COMMIT PREPARED or ROLLBACK PREPARED them");
    }
}
