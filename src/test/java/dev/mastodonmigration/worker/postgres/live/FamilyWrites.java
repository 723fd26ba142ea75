package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Writes to the target of a {@link MovedInstance} what sets off its foreign keys, triggers and rules there; the same seed tries the same. */
final class FamilyWrites implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(25);
    private final TwoDatabases world;
    private final Random random;
    private final AtomicLong committed = new AtomicLong();
    private final Thread thread;
    private volatile boolean stopped;

    private FamilyWrites(TwoDatabases world, long seed) {
        this.world = world;
        random = new Random(seed);
        thread = Thread.ofPlatform().daemon().start(this::write);
    }

    static FamilyWrites on(TwoDatabases world, long seed) {
        return new FamilyWrites(world, seed);
    }

    long committed() {
        return committed.get();
    }

    private void write() {
        while (!stopped) {
            try (var target = world.target()) {
                while (!stopped) {
                    transaction(target);
                    LockSupport.parkNanos(PAUSE.toNanos());
                }
            } catch (SQLException e) {
                // The gate, or a server that crashed.
                stopped |= e.getMessage().contains("refused: this database is closed");
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }

    private void transaction(java.sql.Connection target) throws SQLException {
        try {
            Query.run(target, statement());
            committed.incrementAndGet();
        } catch (SQLException e) {
            if (!e.getSQLState().startsWith("23") && !e.getSQLState().startsWith("40")) {
                throw e;
            }
        }
    }

    private String statement() {
        var person = random.nextInt(1, 80);
        var other = random.nextInt(1, 80);
        var post = random.nextInt(1, 600);
        return switch (random.nextInt(10)) {
            case 0 -> "INSERT INTO people VALUES (" + person + ", " + other + ", 'new') ON CONFLICT (id) DO UPDATE SET name = people.name || '.'";
            case 1 -> "UPDATE people SET moderator = " + other + " WHERE id = " + person;
            // Takes its posts, their replies, and all likes of these with it.
            case 2 -> "DELETE FROM people WHERE id = " + person;
            case 3, 4 -> "INSERT INTO posts VALUES (" + post + ", " + person + ", (SELECT min(id) FROM posts WHERE id > " + random.nextInt(300) + "), 'new')";
            case 5 -> "DELETE FROM posts WHERE id = " + post;
            case 6 -> "UPDATE posts SET id = id + 1000, reply_to = NULL WHERE id = " + post;
            case 7 -> "INSERT INTO likes SELECT " + person + ", id FROM posts WHERE id % 7 = " + post % 7 + " ON CONFLICT DO NOTHING";
            case 8 -> "DELETE FROM likes WHERE post = " + post + "; SELECT nextval('unowned')";
            default -> "BEGIN; DELETE FROM posts WHERE author = " + person + "; INSERT INTO posts VALUES (" + post + ", " + other + ", NULL, 'instead'); COMMIT";
        };
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        thread.join(10_000);
    }
}
