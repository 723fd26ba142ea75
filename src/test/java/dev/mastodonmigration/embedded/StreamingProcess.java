package dev.mastodonmigration.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** The streaming server: holds a connection to each store, as a session that the freeze must see gone. */
final class StreamingProcess implements AutoCloseable {
    private final SiteEnvironment environment;
    private final Optional<Connection> postgres;
    private final Optional<Jedis> redis;

    private StreamingProcess(SiteEnvironment environment, Optional<Connection> postgres, Optional<Jedis> redis) {
        this.environment = environment;
        this.postgres = postgres;
        this.redis = redis;
    }

    /** Starts also when a store is away: streaming connects on demand. */
    static StreamingProcess start(SiteEnvironment environment) {
        return new StreamingProcess(environment, connect(environment), connectRedis(environment));
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

    /** Whether that token is anybody's, as it asks Postgres before it opens a websocket. Tokens are kept in no table here, so it is nobody's. */
    boolean knows(String token) throws SQLException {
        try (var connection = environment.connect("streaming"); var query = connection.prepareStatement("SELECT 1 FROM users WHERE email = ?")) {
            query.setString(1, token);
            try (var rows = query.executeQuery()) {
                return rows.next();
            }
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
