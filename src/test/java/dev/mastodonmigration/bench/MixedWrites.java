package dev.mastodonmigration.bench;

import dev.mastodonmigration.embedded.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** Sessions of an app that posts, edits its profile, favourites and keeps settings, one transaction each: at a steady rate, or as fast as it goes. */
final class MixedWrites implements AutoCloseable {
    private static final int SESSIONS = 2;
    private static final int KNOWN = 500;
    private static final int SETTINGS = 200;
    /** What the write gate of a frozen source answers. */
    private static final String READ_ONLY = "25006";

    private final PostgresServer server;
    private final String database;
    private final String role;
    private final double perSecond;
    private final AtomicLong committed = new AtomicLong();
    private final List<Thread> threads;
    private final AtomicReference<SQLException> failure = new AtomicReference<>();
    private volatile boolean stopped;

    private MixedWrites(PostgresServer server, String database, String role, double perSecond) {
        this.server = server;
        this.database = database;
        this.role = role;
        this.perSecond = perSecond;
        threads = IntStream.range(0, SESSIONS).mapToObj(session -> Thread.ofPlatform().daemon().start(() -> write(session))).toList();
    }

    /** @param perSecond transactions of all sessions together */
    static MixedWrites steady(PostgresServer server, String database, String role, int perSecond) {
        return new MixedWrites(server, database, role, perSecond);
    }

    /** Answers how many transactions a second were committed in that time. */
    static double fastest(PostgresServer server, String database, String role, double seconds) throws InterruptedException {
        try (var writes = new MixedWrites(server, database, role, Double.POSITIVE_INFINITY)) {
            writes.await(SESSIONS);
            var begun = System.nanoTime();
            var before = writes.committed.get();
            LockSupport.parkNanos((long) (seconds * 1e9));
            return (writes.committed.get() - before) / ((System.nanoTime() - begun) / 1e9);
        }
    }

    /** Waits for so many more transactions. */
    void await(long more) {
        for (var goal = committed.get() + more; committed.get() < goal;) {
            if (stopped) {
                throw new IllegalStateException("the writers have stopped", failure.get());
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    private void write(int session) {
        var random = new Random(session);
        var begun = System.nanoTime();
        try (var connection = server.connect(database, role)) {
            var accounts = ids(connection, "accounts");
            var statuses = ids(connection, "statuses");
            connection.setAutoCommit(false);
            for (var n = 1L; !stopped; n++) {
                transaction(connection, accounts.get(random.nextInt(accounts.size())), statuses.get(random.nextInt(statuses.size())), random.nextInt(SETTINGS));
                committed.incrementAndGet();
                if (perSecond < Double.POSITIVE_INFINITY) {
                    LockSupport.parkNanos(begun + (long) (n * SESSIONS * 1e9 / perSecond) - System.nanoTime());
                }
            }
        } catch (SQLException e) {
            stopped = true;
            if (!READ_ONLY.equals(e.getSQLState())) {
                failure.compareAndSet(null, e);
            }
        }
    }

    private static List<Long> ids(Connection connection, String table) throws SQLException {
        try (var statement = connection.createStatement(); var rows = statement.executeQuery("SELECT array_agg(id) FROM (SELECT id FROM " + table + " LIMIT "
                + KNOWN + ") known")) {
            rows.next();
            return List.of((Long[]) rows.getArray(1).getArray());
        }
    }

    private static void transaction(Connection connection, long account, long status, int setting) throws SQLException {
        run(connection, "SELECT count(*) FROM statuses WHERE account_id = ? AND deleted_at IS NULL AND id > ?", account, status);
        run(connection, "INSERT INTO statuses (text, account_id) VALUES ('post ' || ?::int, ?)", setting, account);
        run(connection, "UPDATE accounts SET note = 'note ' || ?::int, updated_at = now() WHERE id = ?", setting, account);
        run(connection, "UPDATE statuses SET text = 'edited ' || ?::int, edited_at = now() WHERE id = ?", setting, status);
        run(connection, "INSERT INTO settings (var, value) VALUES ('bench ' || ?::int, 'x') ON CONFLICT (var) DO UPDATE SET value = excluded.value, updated_at = now()",
                setting);
        connection.commit();
    }

    private static void run(Connection connection, String sql, Object... arguments) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            for (var i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            statement.execute();
        }
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        for (var thread : threads) {
            thread.join(5000);
        }
    }
}
