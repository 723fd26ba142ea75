package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets the app have a table that another session of ours is reading. A TRUNCATE or a change of the table waits for our reading, and every query of the app
 * behind it: reading again costs us seconds, waiting would cost the instance as many. The leader looks between two rounds, the worker threads between two pieces of
 * work, and, when all of them are busy, a thread that does nothing else, with a session to the source for that moment only. A statement is cancelled; a session between two statements of its reading has none, and is ended.
 */
final class LockWaiters {
    private static final String END_WHAT_THEY_WAIT_FOR = """
            SELECT CASE WHEN reader.state = 'active' THEN pg_cancel_backend(reader.pid) ELSE pg_terminate_backend(reader.pid) END FROM pg_stat_activity reader
            WHERE reader.datid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND reader.application_name LIKE 'mastodon-migration replicate%'
              AND reader.pid <> pg_backend_pid() AND EXISTS (
              SELECT FROM pg_locks waiting WHERE NOT waiting.granted AND waiting.mode IN ('AccessExclusiveLock', 'ExclusiveLock')
                AND waiting.locktype = 'relation' AND reader.pid = ANY (pg_blocking_pids(waiting.pid)))""";

    private static final Duration UNSEEN = Duration.ofSeconds(4);

    private final AtomicLong looked = new AtomicLong(System.nanoTime());

    /** Answers how many of our readings were ended. */
    int letPass(Connection source) throws SQLException {
        looked.set(System.nanoTime());
        return Query.list(source, END_WHAT_THEY_WAIT_FOR, row -> row.getBoolean(1)).size();
    }

    /** Whether nobody of this worker has looked for a while. */
    boolean isUnseen() {
        return System.nanoTime() - looked.get() > UNSEEN.toNanos();
    }
}
