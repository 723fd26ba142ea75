package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.ConnectionBudget;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets a worker's hands take connections of the source, one after the other and as many as the app can spare. Whoever has one looks at what is left;
 * while somebody looks nobody tries in vain, because even a try takes a connection for a moment.
 */
final class Room {
    private static final Duration LOOK_IS_GOOD_FOR = Duration.ofSeconds(5);

    private final AtomicInteger inside = new AtomicInteger();
    private volatile boolean isMore = true;
    private volatile long seenAt = System.nanoTime();

    @FunctionalInterface
    interface Opening {
        LiveSessions open() throws SQLException, IOException, Refusal;
    }

    /** New sessions; empty when the app needs what is left. */
    synchronized Optional<LiveSessions> enter(Opening opening) throws SQLException, IOException, Refusal {
        var isKnown = inside.get() > 0 || System.nanoTime() - seenAt < LOOK_IS_GOOD_FOR.toNanos();
        if (!isMore && isKnown) {
            return Optional.empty();
        }
        var sessions = opening.open();
        try {
            if (see(sessions.source()).isExceeded()) {
                sessions.close();
                return Optional.empty();
            }
        } catch (SQLException e) {
            sessions.close();
            throw e;
        }
        inside.incrementAndGet();
        return Optional.of(sessions);
    }

    /** Looks at what is left now, on any session to the source. */
    ConnectionBudget see(Connection source) throws SQLException {
        var budget = ConnectionBudget.read(source);
        isMore = budget.isEnoughForOneMore();
        seenAt = System.nanoTime();
        return budget;
    }

    /** Whether any hand reads the source now. */
    boolean isInUse() {
        return inside.get() > 0;
    }

    /** To be told by whoever was let in. */
    void leave() {
        inside.decrementAndGet();
    }
}
