package dev.mastodonmigration.worker.redis.follow;

import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.SplitConnection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** Hears which keys of the source change, over a connection of its own that a thread of its own reads. */
public abstract class ChangeFeed implements AutoCloseable {
    /** Told from the feed's own thread, in the order of the server. */
    public interface Listener {
        void changed(List<RedisKey> keys);

        /** Changes were or may have been missed; nothing is told after this. */
        void gap(Gap gap);
    }

    /** The server or this user's rights do not let us hear of changes this way. */
    public static class Unsupported extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** It was accepted, and nothing was told within seconds: once, this may be a busy moment. */
        public static final class Silent extends Unsupported {
            private static final long serialVersionUID = 1L;

            public Silent(String because) {
                super(because);
            }
        }

        public Unsupported(String because) {
            super(because);
        }

        Unsupported(JedisDataException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** What the server told was that all keys are gone. */
    static final class Flushed extends JedisException {
        private static final long serialVersionUID = 1L;

        Flushed() {
            super("a Redis that is followed was flushed (FLUSHDB or FLUSHALL)");
        }
    }

    private final SplitConnection connection;
    private final Semaphore answers = new Semaphore(0);
    private volatile boolean ended;
    private volatile boolean closed;

    ChangeFeed(SplitConnection connection) {
        this.connection = connection;
    }

    /** Tells the listener what the server said; answers false when that was the answer to PING. */
    abstract boolean tells(Object said);

    final void start(String thread, Listener listener) {
        Thread.ofPlatform().daemon().name(thread).start(() -> follow(listener));
    }

    private void follow(Listener listener) {
        try {
            while (!closed) {
                if (!tells(connection.read())) {
                    answers.release();
                }
            }
        } catch (JedisException e) {
            if (!closed) {
                listener.gap(e instanceof Flushed ? new Gap(e.getMessage(), e) : broke(e));
            }
        } finally {
            connection.setBroken();
            ended = true;
            answers.release();
        }
    }

    /**
     * Waits for the answer to a PING on the connection, which the feed's thread finds among what it is told. For one thread at a time.
     *
     * @throws Gap when no answer comes in time: a connection that is silent may be gone
     */
    public final void ping(Duration patience) throws Gap, InterruptedException {
        try {
            connection.send(Command.PING);
        } catch (JedisException e) {
            throw broke(e);
        }
        if (!answers.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new Gap("the connection that follows changes did not answer for " + patience.toSeconds() + " s");
        }
        if (ended) {
            throw new Gap("the connection that follows changes is gone");
        }
    }

    private static Gap broke(JedisException e) {
        return new Gap("the connection that follows changes broke (" + e.getMessage() + ")", e);
    }

    @Override
    public void close() {
        closed = true;
        connection.close();
    }
}
