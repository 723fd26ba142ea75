package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** Takes a table that the app writes to, for as long as it takes to put a trigger on it or off. */
public final class TableLock {
    /** Who waits for a lock makes everyone else wait behind: little, and then for ten times as long not at all. */
    static final Duration LOCK_TIMEOUT = Duration.ofMillis(400);
    public static final Duration BETWEEN_LOCKS = LOCK_TIMEOUT.multipliedBy(10);
    private static final String IN_MAINTENANCE = """
            SELECT EXISTS (SELECT FROM pg_locks WHERE relation = ?::regclass AND granted AND mode = 'ShareUpdateExclusiveLock')""";

    private TableLock() {}

    /** Does this in one transaction, which the server gets and does in one go; false when the app, or an autovacuum that may not be ended, has the table. */
    public static boolean tryIn(Connection source, String table, String statements) throws SQLException {
        return WriteGate.tryLocked(source, timeout(source, table), statements);
    }

    /** The same for what cannot be said in one go: of a worker that stops in the midst, the server ends the session after a few seconds, and the lock with it. */
    static boolean tryIn(Connection connection, String table, Transaction.Body body) throws SQLException, Refusal {
        return WriteGate.tryLocked(connection, timeout(connection, table), body);
    }

    /** An autovacuum gives way, but only to one who waits for as long as the gate does. */
    private static Duration timeout(Connection source, String table) throws SQLException {
        return Query.isTrue(source, IN_MAINTENANCE, table) ? WriteGate.LOCK_TIMEOUT : LOCK_TIMEOUT;
    }
}
