package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** Ends sessions in this database: those that a killed worker left, and those that still write when the gate comes down. */
public final class Sessions {
    private static final Duration LINGER = Duration.ofSeconds(20);

    private Sessions() {}

    /** Ends every session of ours that is older than this one: a newer attempt always takes over. */
    public static void endOlderOfOurs(Connection connection) throws SQLException, InterruptedException {
        var deadline = System.nanoTime() + LINGER.toNanos();
        while (Query.number(connection, """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'mastodon-migration%' AND pid <> pg_backend_pid()
                  AND backend_start < (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())""") > 0) {
            if (System.nanoTime() > deadline) {
                throw new SQLException("sessions of an earlier worker do not end on " + connection.getMetaData().getURL().replaceAll("\\?.*", ""));
            }
            Thread.sleep(100);
        }
    }

    /** Ends these sessions; answers how many there were. */
    public static int end(Connection connection, List<Integer> pids) throws SQLException {
        var ended = 0;
        for (var pid : pids) {
            ended += Query.isTrue(connection, "SELECT pg_terminate_backend(?)", pid) ? 1 : 0;
        }
        return ended;
    }
}
