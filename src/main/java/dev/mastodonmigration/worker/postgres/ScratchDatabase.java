package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** A database of our own beside the target, for one rehearsal: created, marked as ours, and dropped again, also by whoever comes after a kill. */
public final class ScratchDatabase implements AutoCloseable {
    private static final String TASK = "rehearse";
    private static final int UID_CHARACTERS = 8;

    private final WorkerContext outer;
    private final String task;

    private ScratchDatabase(WorkerContext outer, String task) {
        this.outer = outer;
        this.task = task;
    }

    /** Its name; it is ours only if its marker says so too. */
    static String name(WorkerContext context) {
        var uid = context.migrationUid();
        return "mastodon_migration_rehearsal_" + uid.substring(0, Math.min(UID_CHARACTERS, uid.length()));
    }

    /**
     * Creates and claims it; what a killed rehearsal left is dropped first.
     *
     * @throws Refusal when the target's user may not create databases, or one of that name belongs to somebody else
     */
    public static ScratchDatabase create(WorkerContext context, String task) throws SQLException, IOException, Refusal {
        try (var beside = Database.target(context, task).open()) {
            Marker.ours(beside, Side.TARGET, context);
            dropIfOurs(beside, context);
            if (!exists(beside, name(context))) {
                create(beside, name(context));
            }
            var scratch = new ScratchDatabase(context, task);
            try (var inside = Database.target(scratch.context(), task).open()) {
                // Also takes one that a killed worker had created and not yet marked: it must be empty.
                Transaction.in(inside, () -> TargetClaim.claim(inside, context));
            }
            return scratch;
        }
    }

    /** For tasks that are to take it for the target. */
    public WorkerContext context() {
        return outer.rehearsingIn(name(outer));
    }

    /** In a session of its own, because one opened hours ago may be cut. What cannot be dropped now must not cost what was measured: the end of the migration drops it. */
    @Override
    public void close() throws IOException, Refusal {
        try (var beside = Database.target(outer, task).open()) {
            dropIfOurs(beside, outer);
        } catch (SQLException e) {
            System.err.println("the scratch database " + name(outer) + " is still there and will be dropped later: " + Redaction.of(e));
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
        var scratch = name(context);
        if (!exists(beside, scratch)) {
            return List.of();
        }
        // Postgres leaves a database invalid when it is ended while dropping it: nobody can connect any more, and only dropping it again helps.
        var invalid = Query.isTrue(beside, "SELECT datconnlimit = -2 FROM pg_database WHERE datname = ?", scratch);
        if (!invalid) {
            try (var inside = Database.target(context.rehearsingIn(scratch), TASK).open()) {
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
