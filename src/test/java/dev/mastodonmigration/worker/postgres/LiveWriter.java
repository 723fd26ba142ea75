package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.embedded.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;

/** A client that never stops trying to post, over one session after the other, as a web process does that someone forgot to stop. */
public final class LiveWriter implements AutoCloseable {
    private final PostgresServer server;
    private final String database;
    private final String user;
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicReference<String> lastRefusal = new AtomicReference<>("");
    private final Thread thread = Thread.ofPlatform().daemon().unstarted(this::write);
    private volatile boolean stopped;

    private LiveWriter(PostgresServer server, String database, String user) {
        this.server = server;
        this.database = database;
        this.user = user;
    }

    public static LiveWriter on(PostgresServer server, String database, String user) {
        var writer = new LiveWriter(server, database, user);
        writer.thread.start();
        return writer;
    }

    private void write() {
        while (!stopped) {
            try (var connection = server.connect(database, user)) {
                while (!stopped) {
                    post(connection);
                }
            } catch (SQLException e) {
                note(e);
            }
        }
    }

    private void post(Connection connection) throws SQLException {
        try {
            Query.run(connection, "INSERT INTO settings (var, value) VALUES (gen_random_uuid(), 'written while moving')");
            written.incrementAndGet();
        } catch (SQLException e) {
            note(e);
            if (!connection.isValid(1)) {
                throw e;
            }
        }
    }

    private void note(SQLException e) {
        if (e.getMessage().contains("refused")) {
            refused.incrementAndGet();
        }
        lastRefusal.set(e.getMessage());
    }

    public long writes() {
        return written.get();
    }

    public long refusals() {
        return refused.get();
    }

    public String lastRefusal() {
        return lastRefusal.get();
    }

    public void awaitWrites(long count) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> written.get() >= count);
    }

    public void awaitRefusals(long count) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> refused.get() >= count);
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        thread.join(10_000);
    }
}
