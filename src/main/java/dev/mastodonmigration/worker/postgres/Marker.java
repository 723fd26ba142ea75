package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * Says in the database itself which migration may write to it, so that nothing of ours ever touches a foreign one.
 *
 * @param epoch          of the last task that changed the database; a worker of an older epoch may write nothing
 * @param session        secret of the one loading attempt that may pass the write gate: a newer attempt changes it, and a worker that was asleep is refused
 * @param keptSchemas    what was there before us and is never dropped
 * @param keptExtensions likewise
 */
public record Marker(String uid, String name, State state, long epoch, Optional<String> session, List<String> keptSchemas, List<String> keptExtensions) {
    public static final String SCHEMA = "mastodon_migration";
    private static final String INSUFFICIENT_PRIVILEGE = "42501";
    private static final String SCHEMAS = "(SELECT coalesce(array_agg(nspname::text), '{}') FROM pg_namespace)";
    private static final String EXTENSIONS = "(SELECT coalesce(array_agg(extname::text), '{}') FROM pg_extension)";

    /** On the source {@link #MARKED}, {@link #CLOSED}, and {@link #REOPENED} for good; on the target the others, in this order: {@link #CLOSED_AGAIN} to go back. */
    public enum State {
        MARKED, CLOSED, REOPENED, CLAIMED, LOADING, LOADED, OPENED, CLOSED_AGAIN;

        public String sql() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        /** From then on the target may hold what exists nowhere else. */
        public boolean wasOpened() {
            return compareTo(OPENED) >= 0;
        }

        boolean isOfTarget() {
            return compareTo(CLAIMED) >= 0;
        }
    }

    /**
     * Reads the marker of this database, if it has one.
     *
     * @throws Refusal when our schema is there and its marker cannot be read: it is not ours
     */
    public static Optional<Marker> read(Connection connection) throws SQLException, Refusal {
        if (!Query.isTrue(connection, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = '" + SCHEMA + "')")) {
            return Optional.empty();
        }
        try {
            var found = Query.list(connection, "SELECT uid, name, upper(state), epoch, session, kept_schemas, kept_extensions FROM mastodon_migration.marker",
                    row -> new Marker(row.getString(1), row.getString(2), State.valueOf(row.getString(3)), row.getLong(4),
                            Optional.ofNullable(row.getString(5)), Query.array(row, 6), Query.array(row, 7)));
            if (found.size() == 1) {
                return Optional.of(found.getFirst());
            }
        } catch (SQLException e) {
            if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState()) && !"42P01".equals(e.getSQLState()) && !"42703".equals(e.getSQLState())) {
                throw e;
            }
        }
        throw new Refusal("Database " + connection.getCatalog() + " has a schema mastodon_migration without a marker that we can read. "
                + "It is not of this migration: drop that schema, or choose another database.");
    }

    /**
     * The marker, proved to be this migration's, not of a later epoch, and not given back to the instance.
     *
     * @throws Refusal otherwise: nothing may be written here
     */
    public static Marker ours(Connection connection, Side side, WorkerContext context) throws SQLException, Refusal {
        var marker = read(connection).orElseThrow(() -> new Refusal("The " + side + " database carries no marker of " + context.migrationName()
                + ", so nothing was written to it. It was replaced, or released: start a new migration."));
        marker.requireOurs(side, context);
        marker.requireNotGivenBack(context);
        return marker;
    }

    public void requireOurs(Side side, WorkerContext context) throws Refusal {
        if (!isOurs(context)) {
            throw new Refusal("The " + side + " database belongs to migration " + name + " (uid " + uid + "), so nothing was written to it. "
                    + "Finish or abort that migration, or choose another database.");
        }
        if (context.epoch() < epoch) {
            throw new Refusal("The " + side + " database has moved on to epoch " + epoch + " while this worker is of epoch " + context.epoch()
                    + ": it was started too long ago and wrote nothing.");
        }
    }

    /** @throws Refusal when this marker, which is ours, says that the database is where we move to */
    public void requireSource(WorkerContext context) throws Refusal {
        if (state.isOfTarget()) {
            throw new Refusal("The database that is given as source is the target of " + context.migrationName() + ": its marker says " + state.sql()
                    + ". It was not changed. Check that the URLs of source and target are not mixed up.");
        }
    }

    /** @throws Refusal when the database was given back to the instance: whoever wants to close it was started before that */
    public void requireNotGivenBack(WorkerContext context) throws Refusal {
        if (state == State.REOPENED) {
            throw new Refusal("The source database was given back to the instance by " + context.migrationName() + " and was not changed. To move it, start a new migration.");
        }
    }

    /** @throws Refusal when this marker, which is ours, says that the database is what we move */
    void requireTarget(WorkerContext context) throws Refusal {
        if (!state.isOfTarget()) {
            throw new Refusal("The database that is given as target is the source of " + context.migrationName() + ": its marker says " + state.sql()
                    + ". Nothing in it was changed. Check that the URLs of source and target are not mixed up.");
        }
    }

    /** @throws Refusal when this marker, which is ours, says that the database is the other one */
    public void requireRole(Side side, WorkerContext context) throws Refusal {
        if (side == Side.SOURCE) {
            requireSource(context);
        } else {
            requireTarget(context);
        }
    }

    public boolean isOurs(WorkerContext context) {
        return uid.equals(context.migrationUid());
    }

    /** Creates schema and marker; inside a transaction. */
    public static void create(Connection connection, WorkerContext context, State state) throws SQLException {
        Query.run(connection, "CREATE SCHEMA mastodon_migration", """
                CREATE TABLE mastodon_migration.marker (
                  single boolean PRIMARY KEY DEFAULT true CHECK (single), uid text NOT NULL, name text NOT NULL, state text NOT NULL, epoch bigint NOT NULL,
                  session text, kept_schemas text[] NOT NULL, kept_extensions text[] NOT NULL, updated_at timestamptz NOT NULL DEFAULT now())""");
        Query.update(connection, """
                INSERT INTO mastodon_migration.marker (uid, name, state, epoch, kept_schemas, kept_extensions) SELECT ?, ?, ?, ?, """ + SCHEMAS + ", " + EXTENSIONS,
                context.migrationUid(), context.migrationName(), state.sql(), context.epoch());
    }

    /** Takes what is there now for what was there before us: extensions and schemas that came after the claim are somebody else's too. */
    static void keepWhatIsThere(Connection connection, WorkerContext context) throws SQLException {
        Query.update(connection, "UPDATE mastodon_migration.marker SET kept_schemas = " + SCHEMAS + ", kept_extensions = " + EXTENSIONS + " WHERE uid = ?",
                context.migrationUid());
    }

    /**
     * Moves to another state, at this worker's epoch; an empty session means that nobody passes the gate.
     *
     * @throws Refusal when it has moved on to a later epoch, or was given back, since it was read: whatever else the transaction did is undone
     */
    public static void update(Connection connection, WorkerContext context, State state, Optional<String> session) throws SQLException, Refusal {
        if (Query.update(connection, "UPDATE mastodon_migration.marker SET state = ?, epoch = ?, session = ?, updated_at = now() WHERE uid = ? AND epoch <= ? AND (state <> 'reopened' OR state = ?)",
                state.sql(), context.epoch(), session.orElse(null), context.migrationUid(), context.epoch(), state.sql()) == 0) {
            throw new Refusal("Database " + connection.getCatalog() + " has moved on to a later epoch than this worker's, which is " + context.epoch()
                    + ", or was given back to the instance: it was started too long ago and changed nothing.");
        }
    }

    /**
     * Raises the epoch to this worker's, so that no worker of before opens the database any more; one that is open stays as it is.
     *
     * @return whether it is open, or was
     */
    static boolean isOpenOrRaised(Connection target, WorkerContext context) throws SQLException {
        return List.of(State.OPENED.sql(), State.CLOSED_AGAIN.sql()).contains(Query.string(target, """
                UPDATE mastodon_migration.marker SET epoch = CASE WHEN state IN ('opened', 'closed_again') THEN epoch ELSE greatest(epoch, ?) END, updated_at = now()
                WHERE uid = ? RETURNING state""", context.epoch(), context.migrationUid()));
    }
}
