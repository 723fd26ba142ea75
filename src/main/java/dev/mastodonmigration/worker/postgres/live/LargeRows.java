package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * Sees to it that a worker holds one row of many megabytes at a time: Postgres sends a row in one piece, and a few at once would not fit into a small
 * pod. Sizes are read from the rows' heads, without the values themselves, and only where a table has enough in its TOAST to hold such a row.
 */
final class LargeRows {
    private static final long LARGE_BYTES = 8 << 20;
    private static final Semaphore ONE = new Semaphore(1, true);

    /** What is stored may be compressed: of texts and bytes the head tells the full size, of others it is guessed. */
    private static final String WIDTH = """
            SELECT coalesce(string_agg(format(CASE WHEN a.atttypid IN ('text'::regtype, 'bytea'::regtype, 'varchar'::regtype) THEN 'coalesce(octet_length(t.%1$I), 0)'
              ELSE '4 * coalesce(pg_column_size(t.%1$I), 0)' END, a.attname), ' + '), '0')
            FROM pg_attribute a WHERE a.attrelid = ?::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attlen = -1 AND a.attgenerated = ''""";

    /** Held while rows are in memory; nothing to hold where they are small. */
    interface Turn extends AutoCloseable {
        Turn NONE = () -> { };

        @Override
        void close();
    }

    private LargeRows() {}

    /** Waits until no other thread of this worker holds large rows, if this range has any; outside of a transaction, so that nothing is locked while waiting. */
    static Turn range(Connection source, Tree.Member member, String condition) throws SQLException {
        if (!canBe(source, member)) {
            return Turn.NONE;
        }
        var width = Query.string(source, WIDTH, member.name());
        var largest = Query.number(source, "SELECT coalesce(max(" + width + "), 0) FROM ONLY " + member.name() + " t WHERE true" + condition);
        return largest < LARGE_BYTES ? Turn.NONE : turn();
    }

    /** As before a round, whose rows are not known yet; nothing while another thread holds large rows, because a round has tables locked. */
    static Optional<Turn> any(Connection source, Tree tree) throws SQLException {
        for (var member : tree.holders()) {
            if (canBe(source, member)) {
                return ONE.tryAcquire() ? Optional.of(ONE::release) : Optional.empty();
            }
        }
        return Optional.of(Turn.NONE);
    }

    private static boolean canBe(Connection source, Tree.Member member) throws SQLException {
        return Query.isTrue(source, "SELECT reltoastrelid <> 0 AND pg_relation_size(reltoastrelid) >= ? FROM pg_class WHERE oid = ?::regclass", LARGE_BYTES,
                member.name());
    }

    private static Turn turn() throws SQLException {
        try {
            ONE.acquire();
            return ONE::release;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted while another thread holds large rows", e);
        }
    }
}
