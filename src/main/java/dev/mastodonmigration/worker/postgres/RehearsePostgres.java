package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Copies and verifies one snapshot of the live source in a scratch database beside the target, and measures both: what the freeze will take.
 * The source is only read.
 */
public final class RehearsePostgres implements WorkerTask {
    static final String NAME = "rehearse-postgres";
    private static final int UID_CHARACTERS = 8;

    /** The scratch database's name; ours only if its marker says so too. */
    static String databaseName(String migrationUid) {
        return "mastodon_migration_rehearsal_" + migrationUid.substring(0, Math.min(UID_CHARACTERS, migrationUid.length()));
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var scratch = databaseName(context.migrationUid());
        try (var beside = Database.target(context, NAME).open()) {
            Marker.ours(beside, Side.TARGET, context);
            dropIfOurs(beside, context);
            if (!exists(beside, scratch)) {
                create(beside, scratch);
            }
            try {
                return rehearse(context, scratch);
            } finally {
                dropIfOurs(beside, context);
            }
        }
    }

    private static WorkerReport rehearse(WorkerContext context, String scratch) throws SQLException, IOException, InterruptedException, Refusal {
        var source = Database.source(context, NAME);
        var target = Database.target(context, NAME).named(scratch);
        try (var to = target.open()) {
            // Also takes one that a killed worker had created and not yet marked: it must be empty.
            Transaction.in(to, () -> TargetClaim.claim(to, context));
        }
        try (var holder = source.open()) {
            Sessions.endOlderOfOurs(holder);
            holder.setAutoCommit(false);
            Query.run(holder, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", "SET LOCAL idle_in_transaction_session_timeout = 0");
            var snapshot = Optional.of(Query.string(holder, "SELECT pg_export_snapshot()"));
            var begun = System.nanoTime();
            List<String> notes;
            try (var attempt = LoadAttempt.begin(target)) {
                notes = new DatabaseCopy(source, target).run(snapshot, attempt);
                attempt.loaded();
            }
            var copied = System.nanoTime();
            var result = new Comparison(source, target, snapshot).run();
            var figures = Map.of(Figure.TABLES, result.tables(), Figure.ROWS, result.rows(), Figure.DIFFERENCES, (long) result.differences().size(),
                    Figure.BYTES, Table.all(holder).stream().mapToLong(Table::bytes).sum(),
                    Figure.COPY_MILLISECONDS, TimeUnit.NANOSECONDS.toMillis(copied - begun),
                    Figure.VERIFY_MILLISECONDS, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - copied));
            var report = VerifyPostgres.report(result.differences(), figures);
            return new WorkerReport(report.outcome(), "Rehearsal: " + report.message(), figures, notes);
        }
    }

    private static boolean exists(Connection beside, String scratch) throws SQLException {
        return Query.isTrue(beside, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = ?)", scratch);
    }

    /** With the target's own encoding and collation, else the rehearsal would prove something else. */
    private static void create(Connection beside, String scratch) throws SQLException, Refusal {
        var locale = Query.one(beside, "SELECT format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype) FROM "
                + "pg_database WHERE datname = current_database()",
                row -> row.getString(1));
        try {
            Query.run(beside, "CREATE DATABASE " + Query.quoted(scratch) + " TEMPLATE template0 " + locale);
        } catch (SQLException e) {
            if ("42501".equals(e.getSQLState())) {
                throw new Refusal("The target's user may not create the scratch database " + scratch
                        + " for the rehearsal. Grant it CREATEDB, or set rehearsal.enabled to false.");
            }
            throw e;
        }
    }

    /**
     * Drops what this or a killed rehearsal left. A database of that name without our marker is ours only if it is empty: killed right after creating it.
     *
     * @return a note on one that was left
     * @throws Refusal when it belongs to another migration
     */
    static List<String> dropIfOurs(Connection beside, WorkerContext context) throws SQLException, IOException, Refusal {
        var scratch = databaseName(context.migrationUid());
        if (!exists(beside, scratch)) {
            return List.of();
        }
        // Postgres leaves a database invalid when it is ended while dropping it: nobody can connect any more, and only dropping it again helps.
        var invalid = Query.isTrue(beside, "SELECT datconnlimit = -2 FROM pg_database WHERE datname = ?", scratch);
        if (!invalid) {
            try (var inside = Database.target(context, NAME).named(scratch).open()) {
                var marker = Marker.read(inside);
                if (marker.isEmpty() && !isEmptyAndOwned(inside)) {
                    return List.of("database " + scratch + " on the target server has the name of this migration's rehearsal and not its marker, so it was left; "
                            + "drop it if nobody needs it");
                }
                if (marker.isPresent() && !marker.get().isOurs(context)) {
                    throw new Refusal("Database " + scratch + " on the target server belongs to migration " + marker.get().name()
                            + ", so it was left alone. Drop it by hand, or finish that migration.");
                }
            }
        }
        Query.run(beside, "DROP DATABASE " + Query.quoted(scratch) + " WITH (FORCE)");
        return List.of();
    }

    private static boolean isEmptyAndOwned(Connection inside) throws SQLException {
        return TargetClaim.content(inside).isEmpty()
                && Query.isTrue(inside, "SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()");
    }
}
