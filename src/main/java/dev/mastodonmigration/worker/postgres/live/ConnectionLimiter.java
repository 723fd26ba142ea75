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
 * Limits how many of a worker's threads have a connection to the source: one after the other, and as many as the app can spare. Whoever has one measures what
 * is left; while somebody does, nobody tries in vain, because even a try takes a connection for a moment.
 */
final class ConnectionLimiter {
    private static final Duration MEASUREMENT_IS_GOOD_FOR = Duration.ofSeconds(5);

    private final AtomicInteger acquired = new AtomicInteger();
    private volatile boolean isOneMoreFree = true;
    private volatile long measuredAt = System.nanoTime();

    @FunctionalInterface
    interface Opening {
        LiveSessions open() throws SQLException, IOException, Refusal;
    }

    /** New sessions; empty when the app needs what is left. */
    synchronized Optional<LiveSessions> tryAcquire(Opening opening) throws SQLException, IOException, Refusal {
        var isKnown = acquired.get() > 0 || System.nanoTime() - measuredAt < MEASUREMENT_IS_GOOD_FOR.toNanos();
        if (!isOneMoreFree && isKnown) {
            return Optional.empty();
        }
        var sessions = opening.open();
        try {
            if (measure(sessions.source()).isExceeded()) {
                sessions.close();
                return Optional.empty();
            }
        } catch (SQLException e) {
            sessions.close();
            throw e;
        }
        acquired.incrementAndGet();
        return Optional.of(sessions);
    }

    /** Measures what is left now, on any session to the source. */
    ConnectionBudget measure(Connection source) throws SQLException {
        var budget = ConnectionBudget.read(source);
        isOneMoreFree = budget.isEnoughForOneMore();
        measuredAt = System.nanoTime();
        return budget;
    }

    /** Whether any thread reads the source now. */
    boolean isInUse() {
        return acquired.get() > 0;
    }

    /** To be called by whoever acquired one. */
    void release() {
        acquired.decrementAndGet();
    }
}
