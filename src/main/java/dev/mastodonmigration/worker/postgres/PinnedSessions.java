package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;

/** Several read-only sessions to one database, all in one snapshot when one is given. Their work runs side by side. */
public final class PinnedSessions implements AutoCloseable {
    /** What to ask one of the sessions. */
    @FunctionalInterface
    public interface Question<T> {
        T ask(Connection session) throws SQLException;
    }

    private final List<Connection> all = new ArrayList<>();
    private final BlockingQueue<Connection> free = new LinkedBlockingQueue<>();
    private final Parallel threads;

    PinnedSessions(Database database, Optional<String> snapshot, int width) throws SQLException, IOException, Refusal {
        threads = new Parallel(width);
        try {
            for (var i = 0; i < width; i++) {
                var session = database.open();
                all.add(session);
                Query.run(session, "SET default_transaction_read_only = on");
                if (snapshot.isPresent()) {
                    session.setAutoCommit(false);
                    Query.run(session, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", "SET TRANSACTION SNAPSHOT '" + snapshot.get() + "'");
                }
                free.add(session);
            }
        } catch (SQLException | IOException | Refusal e) {
            close();
            throw e;
        }
    }

    <T> Future<T> submit(Question<T> question) {
        return threads.submit(() -> {
            var session = free.take();
            try {
                return question.ask(session);
            } finally {
                free.add(session);
            }
        });
    }

    <T> T ask(Question<T> question) throws SQLException, IOException, Refusal, InterruptedException {
        return Parallel.result(submit(question));
    }

    @Override
    public void close() throws SQLException {
        threads.close();
        for (var session : all) {
            session.close();
        }
    }
}
