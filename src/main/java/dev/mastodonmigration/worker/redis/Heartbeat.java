package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import redis.clients.jedis.exceptions.JedisException;

/** Looks, whatever a session does, whether all that it stands on still does. */
final class Heartbeat {
    private static final Duration BETWEEN = Duration.ofSeconds(2);
    private static final Duration PACING = Duration.ofMillis(200);
    private static final Duration BETWEEN_CONNECTIONS = Duration.ofSeconds(30);
    /** About a hundred bytes of memory each. */
    private static final long MAX_BACKLOG = 500_000;

    private final SessionParts parts;
    private final Duration between;
    private final Duration betweenConnections;
    private long lastNanos = System.nanoTime();
    private Optional<Long> pacedNanos = Optional.empty();
    private long lastConnectedNanos = System.nanoTime();

    Heartbeat(SessionParts parts) {
        this(parts, BETWEEN, BETWEEN_CONNECTIONS);
    }

    /** With other times between two looks at what stands, and between two at what a new connection reaches. */
    Heartbeat(SessionParts parts, Duration between, Duration betweenConnections) {
        this.parts = parts;
        this.between = between;
        this.betweenConnections = betweenConnections;
    }

    /** Looks at the lanes, how busy the source is, and which of its Sidekiqs came or went; from time to time also at connections and servers. */
    void beat() throws Gap, Refusal, InterruptedException {
        parts.lanes().check();
        parts.followed().followProcesses();
        pace();
        if (System.nanoTime() - lastNanos < between.toNanos()) {
            return;
        }
        var backlog = parts.lanes().backlog();
        if (backlog.changes() + backlog.proofs() > MAX_BACKLOG) {
            throw new Gap("more than " + MAX_BACKLOG + " keys wait to be applied or proved: they change faster than they are copied");
        }
        parts.followed().ping();
        demandAll();
        connect();
        lastNanos = System.nanoTime();
    }

    /** Inside the freeze nobody but us uses the source. */
    private void pace() {
        if (parts.context().drain().isRequested() || pacedNanos.filter(paced -> System.nanoTime() - paced < PACING.toNanos()).isPresent()) {
            return;
        }
        parts.lanes().at(parts.followed().pace());
        pacedNanos = Optional.of(System.nanoTime());
    }

    private void connect() throws Gap {
        if (System.nanoTime() - lastConnectedNanos < betweenConnections.toNanos()) {
            return;
        }
        lastConnectedNanos = System.nanoTime();
        try {
            parts.servers().demandReached(parts.context());
        } catch (Refusal | IOException | JedisException notNow) {
            // As of a server with too many clients: what we have still works, and the next look or the drain tells.
            System.err.println("will try again: " + Redaction.of(notNow));
        }
    }

    /** @throws Gap when a change may have been missed until now, or one of the source's Redis is not followed */
    void demandAll() throws Gap, Refusal, InterruptedException {
        parts.followed().demandTelling();
        parts.servers().demandSame();
        parts.sources().demandSame(parts.context());
    }
}
