package dev.mastodonmigration.worker.redis.follow;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.SplitConnection;
import java.io.IOException;
import java.util.List;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.csc.CacheKey;
import redis.clients.jedis.csc.DefaultCache;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.RedisInputStream;

/**
 * Hears of every key that changes on the source, through {@code CLIENT TRACKING ON BCAST}: Lua, MULTI, RENAME, blocked pops,
 * expiry and eviction included, and FLUSHDB as a gap. Jedis 7 has no listener for pushes, but its client-side cache is told.
 */
public final class ChangeTracker extends ChangeFeed {
    /** What a server or proxy without RESP3, or without HELLO for this user, says to it. */
    private static final List<String> NO_RESP3 = List.of("NOPROTO", "NOPERM", "unknown command");

    private ChangeTracker(TrackedConnection connection) {
        super(connection);
    }

    /**
     * Connects in RESP3 and without a read timeout, and follows every change of the server.
     *
     * @throws Unsupported when the server or this user may not follow changes
     */
    public static ChangeFeed open(RedisSide side, WorkerContext context, Listener listener) throws Refusal, IOException {
        return side.connect(context, (address, config) -> {
            try {
                return open(address, config.resp3().socketTimeoutMillis(0).build(), listener);
            } catch (JedisDataException e) {
                if (NO_RESP3.stream().anyMatch(String.valueOf(e.getMessage())::contains)) {
                    throw new Unsupported(e);
                }
                throw e;
            }
        });
    }

    private static ChangeTracker open(HostAndPort address, JedisClientConfig config, Listener listener) {
        var connection = new TrackedConnection(address, config, listener);
        try {
            connection.sendCommand(Command.CLIENT, "TRACKING", "ON", "BCAST");
            connection.getOne();
        } catch (JedisDataException e) {
            connection.close();
            throw Gap.mayPass(e) ? e : new Unsupported(e);
        } catch (JedisException e) {
            connection.close();
            throw e;
        }
        var tracker = new ChangeTracker(connection);
        tracker.start("redis-tracker", listener);
        return tracker;
    }

    /** Changes are told while an answer is waited for, by {@link Invalidations}. */
    @Override
    boolean tells(Object said) {
        if (!(said instanceof byte[])) {
            throw new JedisException("an answer that is none to PING");
        }
        return false;
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
        public List<CacheKey> deleteByRedisKeys(List keys) {
            if (keys == null) {
                throw new Flushed();
            }
            listener.changed(((List<?>) keys).stream().map(key -> RedisKey.of((byte[]) key)).toList());
            return List.of();
        }
    }
}
