package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.Gap;
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

    private final Session session;
    private final Duration between;
    private final Duration betweenConnections;
    private long lastNanos = System.nanoTime();
    private Optional<Long> pacedNanos = Optional.empty();
    private long lastConnectedNanos = System.nanoTime();

    Heartbeat(Session session) {
        this(session, BETWEEN, BETWEEN_CONNECTIONS);
    }

    /** With other times between two looks at what stands, and between two at what a new connection reaches. */
    Heartbeat(Session session, Duration between, Duration betweenConnections) {
        this.session = session;
        this.between = between;
        this.betweenConnections = betweenConnections;
    }

    /** Looks at the partitions, how busy the source is, and which of its Sidekiqs came or went; from time to time also at connections and servers. */
    void beat() throws Gap, Refusal, IOException, InterruptedException {
        session.partitions().check();
        session.followed().each(FollowedServer::followProcesses);
        pace();
        if (System.nanoTime() - lastNanos < between.toNanos()) {
            return;
        }
        var backlog = session.partitions().backlog();
        if (backlog.changes() + backlog.proofs() > MAX_BACKLOG) {
            throw new Gap("more than " + MAX_BACKLOG + " keys wait to be applied or proved: they change faster than they are copied");
        }
        session.followed().each(FollowedServer::ping);
        demandAll();
        connect();
        lastNanos = System.nanoTime();
    }

    /** Inside the freeze nobody but us uses the source. */
    private void pace() {
        if (session.context().drain().isRequested() || pacedNanos.filter(paced -> System.nanoTime() - paced < PACING.toNanos()).isPresent()) {
            return;
        }
        session.partitions().at(session.followed().pace());
        pacedNanos = Optional.of(System.nanoTime());
    }

    private void connect() throws Gap {
        if (System.nanoTime() - lastConnectedNanos < betweenConnections.toNanos()) {
            return;
        }
        lastConnectedNanos = System.nanoTime();
        try {
            session.servers().demandReached(session.context());
        } catch (Refusal | IOException | JedisException notNow) {
            // As of a server with too many clients: what we have still works, and the next look or the drain tells.
            System.err.println("will try again: " + Redaction.of(notNow));
        }
    }

    /** @throws Gap when a change may have been missed until now, or one of the source's Redis is not followed, or the target is another */
    void demandAll() throws Gap, Refusal, IOException, InterruptedException {
        session.followed().each(FollowedServer::barrier);
        session.servers().demandSame();
        session.sources().demandSame(session.context());
        session.demandSameTargets();
    }
}
