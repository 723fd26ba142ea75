package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.Query;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Sees to it that nothing is concluded from what a crash of the source would take back. A reading sees transactions that are not on the source's disk yet: those of a
 * role with {@code synchronous_commit = off}, and those that were rolled back. After a crash their numbers are given out again, and a position that counts them as
 * seen would pass over whatever gets them. So a position, and a proof, stand only once the source's log is on its disk up to where it was when they were read.
 */
final class SourceWal implements AutoCloseable {
    private static final String ON_DISK = "SELECT pg_current_wal_flush_lsn() >= ?::pg_lsn";
    /** Any change, committed durably: takes along to the disk all that came before. */
    private static final String FLUSH = "UPDATE mastodon_migration.capture_run SET id = id";
    private final WorkerContext context;
    private Optional<Connection> writer = Optional.empty();

    SourceWal(WorkerContext context) {
        this.context = context;
    }

    /** Where the source's log is now; to be asked right after a snapshot was taken. */
    static String position(Connection source) throws SQLException {
        return Query.string(source, "SELECT pg_current_wal_insert_lsn()::text");
    }

    static boolean isOnDisk(Connection source, String position) throws SQLException {
        return Query.isTrue(source, ON_DISK, position);
    }

    /** Returns when the source's log is on its disk up to that position. */
    void flush(Connection source, String position) throws SQLException {
        if (!isOnDisk(source, position)) {
            Query.run(writer(), FLUSH);
            if (!isOnDisk(source, position)) {
                throw new SQLException("the source does not write its log to the disk, so that nothing can be concluded from what is read there");
            }
        }
    }

    /** The reading's own session is in a read-only transaction. */
    private Connection writer() throws SQLException {
        try {
            if (writer.isEmpty() || writer.get().isClosed()) {
                var opened = LiveSessions.source(context);
                writer = Optional.of(opened);
                Query.run(opened, "SET synchronous_commit = on");
            }
            return writer.get();
        } catch (IOException | Refusal e) {
            throw new SQLException(e.getMessage(), e);
        }
    }

    @Override
    public void close() throws SQLException {
        if (writer.isPresent()) {
            writer.get().close();
        }
    }
}
