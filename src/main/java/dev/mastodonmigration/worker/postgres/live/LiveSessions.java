package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.PostgresUrl;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Side;
import dev.mastodonmigration.worker.postgres.WriteGate;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * One session to each side, both proved to be this migration's; opened anew after every failure, with the credentials of that moment.
 *
 * @param address where the source was when they were opened
 */
record LiveSessions(Direction direction, Connection source, Connection target, PostgresUrl address) implements AutoCloseable {
    /** Of the task's name, so that worker threads give way to the app before a leader does. */
    private static final String WORKER_THREAD = ReplicatePostgres.NAME + " thread";
    /** A setting of the session: where it was opened to. */
    private static final String ADDRESS = "mastodon_migration.address";
    /** What a session to the target, asked by this expression, says of where it was opened to; nothing where {@link #target} did not open it. */
    static final String PLACE = "coalesce(current_setting('" + ADDRESS + "', true), '')";
    /** More than this helps no index of Mastodon's and would starve a small server. */
    private static final String INDEX_MEMORY = "SET maintenance_work_mem = '256MB'";

    /** Opens the source's beside one to the target, which may have been opened before the load that its marker tells of now. */
    static LiveSessions beside(Connection target, Direction direction, WorkerContext context) throws SQLException, IOException, Refusal {
        passGate(target, direction, context);
        var address = direction.from(context, ReplicatePostgres.NAME).url();
        return new LiveSessions(direction, source(direction, context), target, address);
    }

    /** What a worker thread loses in a crash of the target is done again, with all that came after it; positions, which nothing may come after, are the leader's. */
    static LiveSessions forWorkerThread(Direction direction, WorkerContext context) throws SQLException, IOException, Refusal {
        var sessions = open(direction, context, WORKER_THREAD);
        try {
            Query.run(sessions.target(), "SET synchronous_commit = off");
            return sessions;
        } catch (SQLException e) {
            sessions.close();
            throw e;
        }
    }

    /** @param task what the source's sessions are called, by which the worker threads among them are counted */
    private static LiveSessions open(Direction direction, WorkerContext context, String task) throws SQLException, IOException, Refusal {
        var address = direction.from(context, task).url();
        var source = proved(direction.from(context, task).open(), direction.read(), context);
        try {
            return new LiveSessions(direction, source, target(direction, context), address);
        } catch (SQLException | IOException | Refusal e) {
            source.close();
            throw e;
        }
    }

    /**
     * Notices a source or target that was moved while its predecessor lives on, which no session to that one would ever tell.
     *
     * @throws SQLException when a Secret names another server, or another user, by now
     */
    void requireCurrent(WorkerContext context) throws SQLException, IOException, Refusal {
        if (!address.equals(direction.from(context, ReplicatePostgres.NAME).url())) {
            throw new SQLException("the Secret names another " + direction.read() + " than the one of this session, which is opened anew");
        }
        requireCurrent(target, direction, context);
    }

    /**
     * As {@link #requireCurrent(WorkerContext)}, for a session of its own to the target.
     *
     * @param target as {@link #target} opened it
     */
    static void requireCurrent(Connection target, Direction direction, WorkerContext context) throws SQLException, IOException, Refusal {
        if (!Query.string(target, "SELECT " + PLACE).equals(place(direction.to(context, ReplicatePostgres.NAME).url()))) {
            throw new SQLException("the Secret names another " + direction.written() + " than the one of this session, which is opened anew");
        }
    }

    static Connection source(Direction direction, WorkerContext context) throws SQLException, IOException, Refusal {
        return proved(direction.from(context, ReplicatePostgres.NAME).open(), direction.read(), context);
    }

    static Connection target(Direction direction, WorkerContext context) throws SQLException, IOException, Refusal {
        var database = direction.to(context, ReplicatePostgres.NAME);
        var address = database.url();
        var target = proved(database.open(), direction.written(), context);
        Query.run(target, INDEX_MEMORY);
        Query.list(target, "SELECT set_config('" + ADDRESS + "', ?, false)", row -> row.getString(1), place(address));
        passGate(target, direction, context);
        return target;
    }

    private static String place(PostgresUrl address) {
        return address.user() + "@" + address.host() + ":" + address.port() + "/" + address.database();
    }

    /** For as long as the marker lets this load pass. */
    private static void passGate(Connection target, Direction direction, WorkerContext context) throws SQLException, Refusal {
        var session = Marker.ours(target, direction.written(), context).session();
        if (session.isPresent()) {
            Query.list(target, "SELECT set_config('" + WriteGate.SESSION_SETTING + "', ?, false)", row -> row.getString(1), session.get());
        }
    }

    private static Connection proved(Connection session, Side side, WorkerContext context) throws SQLException, Refusal {
        try {
            Marker.ours(session, side, context).requireRole(side, context);
            return session;
        } catch (SQLException | Refusal e) {
            session.close();
            throw e;
        }
    }

    /** Begins a reading of the source: everything until the commit sees this one moment. Answers the moment. */
    static String snapshot(Connection source) throws SQLException {
        return begin(source, "REPEATABLE READ, READ ONLY");
    }

    /** As {@link #snapshot}; a watermark can be written at its end. */
    static String reading(Connection source) throws SQLException {
        return begin(source, "REPEATABLE READ");
    }

    private static String begin(Connection source, String mode) throws SQLException {
        source.setAutoCommit(false);
        Query.run(source, "SET TRANSACTION ISOLATION LEVEL " + mode);
        return Query.string(source, "SELECT pg_current_snapshot()::text");
    }

    static void end(Connection session) throws SQLException {
        session.rollback();
        session.setAutoCommit(true);
    }

    @Override
    public void close() throws SQLException {
        try {
            source.close();
        } finally {
            target.close();
        }
    }
}
