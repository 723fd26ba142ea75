package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * A moment of the source from which on everything is logged, once all transactions that began before it have ended: those may have written while nothing was logged, and commit later. Only
 * while nothing goes by unlogged again, and on the same server: then another moment is to be taken.
 *
 * @param transaction one of ours, newer than all of them
 * @param gaps        how often something had gone by
 */
record Horizon(String transaction, long gaps, String identity) {
    /** The number of gaps is read first: whoever wrote unlogged before that has a transaction from before the moment. */
    static Horizon now(Connection source) throws SQLException {
        Capture.renew(source, Capture.LEASE);
        var gaps = Capture.gaps(source);
        var identity = SourceIdentity.of(source);
        return new Horizon(Query.string(source, "SELECT pg_current_xact_id()::text"), gaps, identity);
    }

    /** Prepared transactions count until they are committed or rolled back. */
    boolean isPassed(Connection source) throws SQLException {
        return Query.isTrue(source, "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= ?::text::xid8", transaction);
    }

    /** What is read after this one, with nothing gone by in between. */
    boolean holds(Base base) {
        return base.gaps() == gaps && base.identity().equals(identity);
    }

    /**
     * Where following begins.
     *
     * @param position a snapshot of the source: what it does not see is in the log
     * @param mark     written after it
     */
    record Base(String position, long gaps, String identity, Watermark mark) {
        /** The number of gaps is read last: what goes by unlogged after the snapshot is counted. */
        static Base now(Connection source) throws SQLException {
            var position = Query.string(source, "SELECT pg_current_snapshot()::text");
            var mark = Watermark.write(source);
            return new Base(position, Capture.gaps(source), SourceIdentity.of(source), mark);
        }
    }
}
