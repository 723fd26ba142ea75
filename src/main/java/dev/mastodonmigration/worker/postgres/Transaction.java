package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;

/** All or nothing on one session: what the tasks rely on to be killed at any moment. */
public final class Transaction {
    /** What happens inside. */
    @FunctionalInterface
    public interface Body {
        void run() throws SQLException, Refusal;
    }

    private Transaction() {}

    public static void in(Connection connection, Body body) throws SQLException, Refusal {
        connection.setAutoCommit(false);
        try {
            body.run();
            connection.commit();
        } catch (SQLException | Refusal | RuntimeException e) {
            if (!connection.isClosed()) {
                connection.rollback();
            }
            throw e;
        } finally {
            if (!connection.isClosed()) {
                connection.setAutoCommit(true);
            }
        }
    }
}
