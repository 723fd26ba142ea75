package dev.mastodonmigration.worker.redis;

import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Hears of changes through keyspace notifications, where a server refuses CLIENT TRACKING. Only the key's name is taken from a message, never what
 * is said to have happened to it. A subscriber that reads too slowly is disconnected by the server, which is a gap like any other.
 */
final class KeyspaceNotifications implements ChangeFeed {
    private static final Duration PROBING = Duration.ofSeconds(5);
    /** One of each class of events that Mastodon's keys make. */
    private static final Set<String> PROBED = Set.of("set", "del", "lpush", "sadd", "hset", "zadd");

    private final SplitConnection connection;
    private final String prefix;
    private final RedisKey canary;
    private final Listener listener;
    private final Pings pings;
    private volatile boolean closed;

    private KeyspaceNotifications(SplitConnection connection, int database, RedisKey canary, Listener listener) {
        this.canary = canary;
        this.connection = connection;
        this.prefix = "__keyspace@" + database + "__:";
        this.listener = listener;
        this.pings = new Pings(() -> connection.send(Command.PING));
    }

    /**
     * @param source another connection, to write the probe with
     * @param canary the key that is written
     */
    static KeyspaceNotifications open(HostAndPort address, JedisClientConfig config, int database, Jedis source, RedisKey canary, Listener listener) {
        var connection = new SplitConnection(address, config);
        try {
            var feed = new KeyspaceNotifications(connection, database, canary, listener);
            feed.subscribe();
            feed.demandAll(source);
            connection.setTimeoutInfinite();
            Thread.ofPlatform().daemon().name("redis-notifications").start(feed::follow);
            return feed;
        } catch (JedisDataException e) {
            connection.close();
            throw new Unsupported(e);
        } catch (JedisException | Unsupported e) {
            connection.close();
            throw e;
        }
    }

    private void subscribe() {
        connection.sendCommand(Command.PSUBSCRIBE, prefix + "*");
        connection.getOne();
    }

    private void demandAll(Jedis source) {
        var missing = new HashSet<>(PROBED);
        probe(source, canary.bytes());
        connection.setSoTimeout((int) PROBING.toMillis());
        for (var until = System.nanoTime() + PROBING.toNanos(); !missing.isEmpty() && System.nanoTime() < until;) {
            heard(canary).ifPresent(missing::remove);
        }
        if (!missing.isEmpty()) {
            throw new Unsupported("it does not notify of all changes: notify-keyspace-events lacks " + String.join(", ", missing.stream().sorted().toList()));
        }
    }

    /** What next happens to this key; empty when the next message is about another one, or none comes in time. */
    private Optional<String> heard(RedisKey key) {
        try {
            return connection.read() instanceof List<?> message && isOf(message, key) ? Optional.of(text(message.get(3))) : Optional.empty();
        } catch (JedisConnectionException silence) {
            if (silence.getCause() instanceof SocketTimeoutException) {
                return Optional.empty();
            }
            throw silence;
        }
    }

    /** In one transaction, so that nothing of it is ever seen. */
    private static void probe(Jedis source, byte[] key) {
        try (var transaction = source.multi()) {
            transaction.del(key);
            transaction.set(key, key);
            transaction.del(key);
            transaction.lpush(key, key);
            transaction.del(key);
            transaction.sadd(key, key);
            transaction.del(key);
            transaction.hset(key, Map.of(key, key));
            transaction.del(key);
            transaction.zadd(key, 1, key);
            transaction.del(key);
            transaction.exec();
        }
    }

    private boolean isOf(List<?> message, RedisKey key) {
        return message.size() == 4 && message.get(2) instanceof byte[] channel && key(channel).equals(key);
    }

    private RedisKey key(byte[] channel) {
        return RedisKey.of(Arrays.copyOfRange(channel, Math.min(prefix.length(), channel.length), channel.length));
    }

    private static String text(Object bytes) {
        return new String((byte[]) bytes, StandardCharsets.UTF_8);
    }

    private void follow() {
        try {
            while (!closed) {
                switch (connection.read()) {
                    case List<?> message when message.size() == 4 && message.get(2) instanceof byte[] channel -> tell(key(channel), text(message.get(3)));
                    case List<?> pong when pong.size() == 2 && pong.getFirst() instanceof byte[] word && text(word).equals("pong") -> pings.answered();
                    default -> throw new JedisException("an answer that nobody asked for");
                }
            }
        } catch (JedisException e) {
            if (!closed) {
                listener.gap(new Gap("the subscription to the source's keyspace notifications broke (" + e.getMessage() + ")", e));
            }
        } finally {
            connection.setBroken();
            pings.end();
        }
    }

    /** Of the canary, which is set with an expiry, there are two messages each time; that it was set is told once. */
    private void tell(RedisKey key, String event) {
        if (!key.equals(canary) || event.equals("set")) {
            listener.changed(List.of(key));
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
}
