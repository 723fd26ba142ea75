package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Takes the capture off the source table by table; the database alone tells where it is. What stays is in our schema, which goes with the marker. */
public final class RemoveCapture {
    private static final Duration GIVE_UP = Duration.ofMinutes(5);
    private static final String CAPTURED = """
            SELECT format('%I.%I', n.nspname, c.relname), string_agg(quote_ident(g.tgname), ',') FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE g.tgname IN ('mastodon_migration_insert', 'mastodon_migration_update', 'mastodon_migration_delete', 'mastodon_migration_truncate')
            GROUP BY 1 ORDER BY 1""";

    private record Captured(String table, String triggers) {}

    private RemoveCapture() {}

    /**
     * Drops all capture triggers.
     *
     * @throws SQLException when a table stays locked for five minutes
     */
    public static void from(Connection source) throws SQLException, Refusal {
        var begun = System.nanoTime();
        for (var left = captured(source); !left.isEmpty(); left = captured(source)) {
            var locked = false;
            for (var table : left) {
                locked |= !TableLock.tryIn(source, table.table(), () -> {
                    for (var trigger : table.triggers().split(",")) {
                        Query.run(source, "DROP TRIGGER IF EXISTS " + trigger + " ON " + table.table());
                    }
                });
            }
            if (System.nanoTime() - begun > GIVE_UP.toNanos()) {
                throw new SQLException("the capture could not be taken off " + left.size() + " tables of the source, first " + left.getFirst().table()
                        + ": another session holds them locked");
            }
            // Behind the write gate there is no writer of the app to spare.
            if (locked && !Query.isTrue(source, "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname = '" + WriteGate.TRIGGER + "')")) {
                LockSupport.parkNanos(TableLock.BETWEEN_LOCKS.toNanos());
            }
        }
    }

    private static List<Captured> captured(Connection source) throws SQLException {
        return Query.list(source, CAPTURED, row -> new Captured(row.getString(1), row.getString(2)));
    }
}
