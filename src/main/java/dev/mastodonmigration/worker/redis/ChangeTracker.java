package dev.mastodonmigration.worker.redis;

import java.time.Duration;
import java.util.List;
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
final class ChangeTracker implements ChangeFeed {
    private final TrackedConnection connection;
    private final Listener listener;
    private final Pings pings;
    private volatile boolean closed;

    private ChangeTracker(TrackedConnection connection, Listener listener) {
        this.connection = connection;
        this.listener = listener;
        this.pings = new Pings(() -> connection.send(Command.PING));
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
                if (!(connection.read() instanceof byte[])) {
                    throw new JedisException("an answer that is none to PING");
                }
                pings.answered();
            }
        } catch (JedisException | Flushed e) {
            if (!closed) {
                listener.gap(new Gap(e instanceof Flushed ? "the source was flushed (FLUSHDB or FLUSHALL)"
                        : "the connection that follows the source's changes broke (" + e.getMessage() + ")", e));
            }
        } finally {
            connection.setBroken();
            pings.end();
        }
    }

    @Override
    public void ping(Duration patience) throws Gap, InterruptedException {
        pings.ask(patience);
    }

    @Override
    public void close() {
        closed = true;
        connection.close();
    }

    private static final class Flushed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static final class TrackedConnection extends SplitConnection {
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
