package dev.mastodonmigration.worker.redis;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.csc.DefaultCache;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.RedisInputStream;

/**
 * Hears of every key that changes on the source, through {@code CLIENT TRACKING ON BCAST}: Lua, MULTI, RENAME, blocked pops,
 * expiry and eviction included, and FLUSHDB as a gap. Jedis 7 has no listener for pushes, but its client-side cache is told.
 */
final class ChangeTracker implements AutoCloseable {
    /** Told from the tracker's own thread, in the order of the server. */
    interface Listener {
        void changed(List<RedisKey> keys);

        /** Changes were or may have been missed; nothing is told after this. */
        void gap(Gap gap);
    }

    /** The server or this user's rights do not let us follow changes. */
    static final class Unsupported extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unsupported(JedisDataException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private final TrackedConnection connection;
    private final Listener listener;
    private final ConcurrentLinkedQueue<CompletableFuture<Boolean>> pings = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;
    private boolean ended;

    private ChangeTracker(TrackedConnection connection, Listener listener) {
        this.connection = connection;
        this.listener = listener;
    }

    static ChangeTracker open(HostAndPort address, JedisClientConfig config, Listener listener) {
        var connection = new TrackedConnection(address, config, listener);
        try {
            connection.sendCommand(Command.CLIENT, "TRACKING", "ON", "BCAST");
            connection.getOne();
        } catch (JedisDataException e) {
            connection.close();
            throw new Unsupported(e);
        } catch (JedisException e) {
            connection.close();
            throw e;
        }
        var tracker = new ChangeTracker(connection, listener);
        Thread.ofPlatform().daemon().name("redis-tracker").start(tracker::follow);
        return tracker;
    }

    private void follow() {
        try {
            while (!closed) {
                var reply = connection.read();
                var ping = reply instanceof byte[] ? pings.poll() : null;
                if (ping == null) {
                    throw new JedisException("an answer that nobody asked for");
                }
                ping.complete(true);
            }
        } catch (JedisException | Flushed e) {
            if (!closed) {
                listener.gap(new Gap(e instanceof Flushed ? "the source was flushed (FLUSHDB or FLUSHALL)"
                        : "the connection that follows the source's changes broke (" + e.getMessage() + ")", e));
            }
        } finally {
            connection.setBroken();
            endPings();
        }
    }

    private synchronized void endPings() {
        ended = true;
        pings.forEach(ping -> ping.complete(false));
    }

    /**
     * Returns when every change that was made before the call has been told. The server tells changes at the end of an event loop, after
     * the answers of that loop; so the second of two PINGs comes after them.
     */
    void barrier(Duration patience) throws Gap, InterruptedException {
        ping(patience);
        ping(patience);
    }

    /** @throws Gap when no answer comes in time: a connection that is silent may be gone */
    void ping(Duration patience) throws Gap, InterruptedException {
        var answered = new CompletableFuture<Boolean>();
        try {
            synchronized (this) {
                if (ended) {
                    throw new Gap("the connection that follows the source's changes is gone");
                }
                pings.add(answered);
                connection.send(Command.PING);
            }
            if (answered.get(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                return;
            }
            throw new Gap("the connection that follows the source's changes broke");
        } catch (JedisException | ExecutionException e) {
            throw new Gap("the connection that follows the source's changes broke (" + e.getMessage() + ")", e);
        } catch (TimeoutException e) {
            throw new Gap("the connection that follows the source's changes did not answer for " + patience.toSeconds() + " s", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        connection.close();
    }

    private static final class Flushed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static final class TrackedConnection extends Connection {
        /** Not set yet while the superclass logs in. */
        private final Invalidations invalidations;

        TrackedConnection(HostAndPort address, JedisClientConfig config, Listener listener) {
            super(address, config);
            invalidations = new Invalidations(listener);
        }

        @Override
        protected Object protocolRead(RedisInputStream stream) {
            return invalidations == null ? Protocol.read(stream) : Protocol.read(stream, invalidations);
        }

        /** Only reads: {@code getOne} would flush as well, while another thread sends. */
        Object read() {
            return readProtocolWithCheckingBroken();
        }

        void send(Command command) {
            sendCommand(command);
            flush();
        }
    }

    private static final class Invalidations extends DefaultCache {
        private final Listener listener;

        Invalidations(Listener listener) {
            super(1);
            this.listener = listener;
        }

        /** Null is how the server says that the whole database was flushed. */
        @Override
        @SuppressWarnings("rawtypes")
        public List<redis.clients.jedis.csc.CacheKey> deleteByRedisKeys(List keys) {
            if (keys == null) {
                throw new Flushed();
            }
            listener.changed(((List<?>) keys).stream().map(key -> RedisKey.of((byte[]) key)).toList());
            return List.of();
        }
    }
}
