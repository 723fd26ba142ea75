package dev.mastodonmigration.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** The streaming server: holds a connection to each store, as a session that the freeze must see gone. */
final class StreamingProcess implements AutoCloseable {
    private final Optional<Connection> postgres;
    private final Optional<Jedis> redis;

    private StreamingProcess(Optional<Connection> postgres, Optional<Jedis> redis) {
        this.postgres = postgres;
        this.redis = redis;
    }

    /** Starts also when a store is away: streaming connects on demand. */
    static StreamingProcess start(SiteEnvironment environment) {
        return new StreamingProcess(connect(environment), connectRedis(environment));
    }

    private static Optional<Connection> connect(SiteEnvironment environment) {
        try {
            return Optional.of(environment.connect("streaming"));
        } catch (SQLException away) {
            return Optional.empty();
        }
    }

    private static Optional<Jedis> connectRedis(SiteEnvironment environment) {
        try {
            var redis = environment.connectRedis();
            redis.ping();
            return Optional.of(redis);
        } catch (JedisException away) {
            return Optional.empty();
        }
    }

    /** To both stores. */
    boolean isConnected() {
        return postgres.isPresent() && redis.isPresent();
    }

    @Override
    public void close() throws SQLException {
        if (postgres.isPresent()) {
            postgres.get().close();
        }
        redis.ifPresent(Jedis::close);
    }
}
