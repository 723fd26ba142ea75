package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** Random transactions of every kind that capture must not miss, on tables of every kind; the same seed tries the same ones. */
final class RandomWrites implements AutoCloseable {
    private static final String[] SCHEMA = {
        "CREATE TABLE plain (id bigint PRIMARY KEY, u int NOT NULL UNIQUE, v text, twice int GENERATED ALWAYS AS (u * 2) STORED)",
        "CREATE TABLE texts (k text NOT NULL, n int NOT NULL, v text, PRIMARY KEY (k, n))", "CREATE INDEX ON texts (lower(v)) WHERE v IS NOT NULL",
        "CREATE TABLE parts (id int NOT NULL, p int NOT NULL, v text, PRIMARY KEY (id, p)) PARTITION BY LIST (p)",
        "CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0)", "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1)",
        "CREATE TABLE parts_rest PARTITION OF parts DEFAULT",
        "CREATE TABLE parent (id int PRIMARY KEY, v text)", "CREATE TABLE child (extra text, PRIMARY KEY (id)) INHERITS (parent)",
        "CREATE TABLE spans (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&))",
        "CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int, UNIQUE (v) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE token_only (token text NOT NULL, v text)", "CREATE UNIQUE INDEX token_only_token ON token_only (token)",
        "CREATE TABLE keyless (v text)",
        "INSERT INTO plain (id, u, v) SELECT n, n, repeat(md5(n::text), 10) FROM generate_series(1, 3000) n",
        "INSERT INTO texts SELECT chr(65 + n % 50) || n, n % 7, md5(n::text) FROM generate_series(1, 2000) n",
        "INSERT INTO parts SELECT n, n % 4, md5(n::text) FROM generate_series(1, 1500) n",
        "INSERT INTO parent SELECT n, 'parent' FROM generate_series(1, 200) n",
        "INSERT INTO child SELECT n, 'child', 'more' FROM generate_series(100, 400) n",
        "INSERT INTO spans SELECT n, int4range(n * 10, n * 10 + 10) FROM generate_series(1, 300) n",
        "INSERT INTO numbered (v) SELECT n FROM generate_series(1, 300) n", "INSERT INTO token_only SELECT md5(n::text), 'x' FROM generate_series(1, 200) n",
        "INSERT INTO keyless SELECT n::text FROM generate_series(1, 50) n", "ANALYZE"};

    private static final Duration PAUSE = Duration.ofMillis(30);

    private final Database database;
    private final Random random;
    private final AtomicLong committed = new AtomicLong();
    private final AtomicReference<SQLException> unexpected = new AtomicReference<>();
    private final Thread thread;
    private volatile boolean stopped;

    private RandomWrites(Database database, long seed) {
        this.database = database;
        random = new Random(seed);
        thread = Thread.ofPlatform().daemon().start(this::write);
    }

    static void prepare(TwoDatabases world) throws SQLException {
        world.onSource(SCHEMA);
    }

    /** Two databases of their own for each caller, the source prepared. */
    static TwoDatabases prepared(int major) throws SQLException {
        return TwoDatabases.like(major, "for_random_writes", SCHEMA);
    }

    static RandomWrites on(TwoDatabases world, long seed) {
        return new RandomWrites(world::source, seed);
    }

    /** As an instance does that was moved. */
    static RandomWrites onTarget(TwoDatabases world, long seed) {
        return new RandomWrites(world::target, seed);
    }

    /** Where it connects to, again and again. */
    @FunctionalInterface
    private interface Database {
        Connection connect() throws SQLException;
    }

    long committed() {
        return committed.get();
    }

    private void write() {
        while (!stopped) {
            try (var connection = database.connect()) {
                connection.setAutoCommit(false);
                while (!stopped) {
                    transaction(connection);
                    // An app pauses too: many seeds side by side try more than one that keeps the machine busy.
                    LockSupport.parkNanos(PAUSE.toNanos());
                }
            } catch (SQLException e) {
                // The write gate, or a cut connection: what was not committed does not count.
                stopped |= e.getMessage().contains("refused");
            }
        }
    }

    private void transaction(Connection connection) throws SQLException {
        try {
            for (var i = random.nextInt(1, random.nextInt(8) == 0 ? 40 : 5); i > 0; i--) {
                if (random.nextInt(5) == 0) {
                    var savepoint = connection.setSavepoint();
                    Query.run(connection, statement());
                    if (random.nextBoolean()) {
                        connection.rollback(savepoint);
                    }
                } else {
                    Query.run(connection, statement());
                }
                if (random.nextInt(60) == 0) {
                    Query.run(connection, "SELECT pg_sleep(" + random.nextDouble(0.8) + ")");
                }
            }
            if (random.nextInt(10) == 0) {
                connection.rollback();
            } else {
                connection.commit();
                committed.incrementAndGet();
            }
        } catch (SQLException e) {
            connection.rollback();
            if (e.getMessage().contains("refused")) {
                throw e;
            }
            // A constraint or a deadlock may refuse what was tried; anything else, the capture would have broken.
            if (!e.getSQLState().startsWith("23") && !e.getSQLState().startsWith("40")) {
                unexpected.compareAndSet(null, e);
            }
        }
    }

    private String statement() {
        var a = random.nextInt(1, 3200);
        var b = random.nextInt(1, 3200);
        var small = random.nextInt(1, 400);
        return switch (random.nextInt(26)) {
            case 0 -> "INSERT INTO plain (id, u, v) VALUES (" + (a + 3000) + ", " + (b + 3000) + ", 'new') ON CONFLICT DO NOTHING";
            case 1 -> "INSERT INTO plain (id, u, v) VALUES (" + a + ", " + a + ", 'x') ON CONFLICT (id) DO UPDATE SET v = excluded.v || '" + b + "'";
            case 2 -> "UPDATE plain SET v = 'v" + b + "' WHERE id BETWEEN " + a + " AND " + (a + 20);
            case 3 -> "UPDATE plain SET id = " + (b + 10000) + " WHERE id = " + a;
            case 4 -> "DELETE FROM plain WHERE id = " + a;
            // Two rows swap a unique value, over a third that nobody has.
            case 5, 6 -> "UPDATE plain SET u = -u WHERE id = " + a + "; UPDATE plain SET u = coalesce((SELECT -u FROM plain WHERE id = " + a + "), u) WHERE id = " + b
                    + " AND id <> " + a + "; UPDATE plain SET u = (SELECT max(u) + 1 FROM plain) WHERE u < 0";
            case 7 -> "INSERT INTO texts VALUES ('Ä" + a + "', " + small + ", NULL) ON CONFLICT DO NOTHING";
            case 8 -> "UPDATE texts SET k = k || 'z', v = 'moved' WHERE n = " + small % 7 + " AND k LIKE '%" + small + "'";
            case 9 -> "DELETE FROM texts WHERE k LIKE '%" + small + "'";
            case 10 -> "UPDATE parts SET p = " + random.nextInt(4) + " WHERE id = " + a % 1500;
            case 11 -> "INSERT INTO parts VALUES (" + a + ", " + random.nextInt(4) + ", 'new') ON CONFLICT DO NOTHING";
            case 12 -> "DELETE FROM parts_1 WHERE id = " + a % 1500;
            case 13 -> "UPDATE parent SET v = 'both " + b + "' WHERE id = " + small;
            case 14 -> "UPDATE child SET extra = 'only child', id = id + 1000 WHERE id = " + small;
            case 15 -> "DELETE FROM parent WHERE id = " + small;
            case 16 -> "INSERT INTO " + (random.nextBoolean() ? "parent" : "child") + " (id, v) VALUES (" + small + ", 'again') ON CONFLICT DO NOTHING";
            case 17 -> "UPDATE spans SET r = CASE id WHEN " + small + " THEN NULL ELSE r END WHERE id IN (" + small + "); UPDATE spans SET r = int4range("
                    + a * 10 + ", " + (a * 10 + 10) + ") WHERE id = " + small;
            case 18 -> "DELETE FROM spans WHERE id = " + small;
            case 19 -> "UPDATE numbered SET v = CASE v WHEN " + small + " THEN " + (small + 1) + " ELSE " + small + " END WHERE v IN (" + small + ", " + (small + 1)
                    + ")";
            case 20 -> "INSERT INTO numbered (v) VALUES (" + (a + 1000) + ")";
            case 21 -> "UPDATE token_only SET token = md5(token || '" + b + "') WHERE token = (SELECT min(token) FROM token_only)";
            case 22 -> "INSERT INTO keyless VALUES ('" + b + "')";
            case 23 -> random.nextInt(6) == 0 ? "TRUNCATE spans" : "INSERT INTO spans VALUES (" + a + ", int4range(" + -a * 10 + ", " + (-a * 10 + 5)
                    + ")) ON CONFLICT DO NOTHING";
            case 24 -> random.nextInt(12) == 0 ? "TRUNCATE parts" : "UPDATE parts SET v = 'all' WHERE p = " + random.nextInt(3) + " AND id % 50 = " + small % 50;
            default -> random.nextInt(12) == 0 ? "TRUNCATE parent" : "UPDATE numbered SET v = -v WHERE v = " + small;
        };
    }

    /** Fails if a statement failed for another reason than that the data refused it. */
    @Override
    public void close() throws InterruptedException {
        stopped = true;
        thread.join(10_000);
        if (unexpected.get() != null) {
            throw new AssertionError("the app's statement failed", unexpected.get());
        }
    }
}
