package dev.mastodonmigration.worker.redis.follow;

import dev.mastodonmigration.worker.redis.wire.Gap;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import redis.clients.jedis.exceptions.JedisException;

/** PINGs on a connection that another thread reads: who asks waits here for the answer that the reader finds among what it is told. */
final class Pings {
    private final Runnable send;
    private final ConcurrentLinkedQueue<CompletableFuture<Boolean>> waiting = new ConcurrentLinkedQueue<>();
    private boolean ended;

    Pings(Runnable send) {
        this.send = send;
    }

    /** @throws Gap when no answer comes in time */
    void ask(Duration patience) throws Gap, InterruptedException {
        var answered = new CompletableFuture<Boolean>();
        try {
            synchronized (this) {
                if (ended) {
                    throw new Gap("the connection that follows the source's changes is gone");
                }
                waiting.add(answered);
                send.run();
            }
            if (!answered.get(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new Gap("the connection that follows the source's changes broke");
            }
        } catch (JedisException | ExecutionException e) {
            throw new Gap("the connection that follows the source's changes broke (" + e.getMessage() + ")", e);
        } catch (TimeoutException e) {
            throw new Gap("the connection that follows the source's changes did not answer for " + patience.toSeconds() + " s", e);
        }
    }

    /** The reader found an answer. */
    void answered() {
        var first = waiting.poll();
        if (first == null) {
            throw new JedisException("an answer that nobody asked for");
        }
        first.complete(true);
    }

    /** The reader ended: nobody will be answered any more. */
    synchronized void end() {
        ended = true;
        waiting.forEach(ping -> ping.complete(false));
    }
}
