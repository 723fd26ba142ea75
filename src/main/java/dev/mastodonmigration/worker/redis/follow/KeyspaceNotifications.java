package dev.mastodonmigration.worker.redis.follow;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.SplitConnection;
import java.io.IOException;
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
public final class KeyspaceNotifications extends ChangeFeed {
    /** Three tries of it are as long as a moment in which a server stands still. */
    private static final Duration PROBING = Duration.ofSeconds(2);
    /** One of each class of events that Mastodon's keys make, the last of them last. */
    private static final List<String> PROBED = List.of("set", "del", "lpush", "sadd", "hset", "zadd");
    private static final String SETTING = "notify-keyspace-events";
    /** By key (K), of all that changes one (A; redis/src/notify.c). */
    private static final String WANTED = "KA";

    private final SplitConnection connection;
    private final String prefix;
    private final RedisKey canary;
    private final Listener listener;
    private final Jedis source;
    private final Optional<String> formerSetting;

    private KeyspaceNotifications(SplitConnection connection, int database, Jedis source, RedisKey canary, Listener listener, Optional<String> formerSetting) {
        super(connection);
        this.connection = connection;
        this.prefix = "__keyspace@" + database + "__:";
        this.source = source;
        this.canary = canary;
        this.listener = listener;
        this.formerSetting = formerSetting;
    }

    /**
     * Connects, and is notified of changes.
     *
     * @param source another connection, to write the probe with, and the setting until this is closed
     * @param canary the key that is written
     * @throws Unsupported when the server does not notify, or this user may not subscribe
     */
    public static ChangeFeed open(RedisSide side, WorkerContext context, Jedis source, RedisKey canary, Listener listener) throws Refusal, IOException {
        var database = side.url(context).database();
        var formerSetting = setAll(source);
        try {
            return side.connect(context, (address, config) -> open(address, config.build(), database, source, canary, listener, formerSetting));
        } catch (Refusal | IOException | RuntimeException e) {
            putBack(source, formerSetting);
            throw e;
        }
    }

    private static KeyspaceNotifications open(HostAndPort address, JedisClientConfig config, int database, Jedis source, RedisKey canary, Listener listener,
            Optional<String> formerSetting) {
        var connection = new SplitConnection(address, config);
        try {
            var feed = new KeyspaceNotifications(connection, database, source, canary, listener, formerSetting);
            feed.subscribe();
            feed.demandAll();
            connection.setTimeoutInfinite();
            feed.start("redis-notifications", listener);
            return feed;
        } catch (JedisDataException e) {
            connection.close();
            throw Gap.mayPass(e) ? e : new Unsupported(e);
        } catch (JedisException | Unsupported e) {
            connection.close();
            throw e;
        }
    }

    /** Why the server will not notify of all changes; tried by setting what is set. Where CONFIG is refused and so nothing tells, somebody has to have set it. */
    public static Optional<String> refused(Jedis source) {
        try {
            var now = source.configGet(SETTING).getOrDefault(SETTING, "");
            if (!isAll(now)) {
                source.configSet(SETTING, now);
            }
            return Optional.empty();
        } catch (JedisDataException e) {
            return Optional.of(SETTING + " must be " + WANTED + ", and we may not set it: " + e.getMessage());
        }
    }

    private static boolean isAll(String setting) {
        return setting.contains("K") && setting.contains("A");
    }

    /** By default a server notifies of nothing. Where CONFIG is refused, as on ElastiCache, somebody else must have set it, and only a probe tells. */
    private static Optional<String> setAll(Jedis source) {
        try {
            var former = Optional.ofNullable(source.configGet(SETTING).get(SETTING)).filter(now -> !isAll(now));
            former.ifPresent(now -> source.configSet(SETTING, now + WANTED));
            return former;
        } catch (JedisDataException notAllowed) {
            return Optional.empty();
        }
    }

    private static void putBack(Jedis source, Optional<String> formerSetting) {
        try {
            formerSetting.ifPresent(value -> source.configSet(SETTING, value));
        } catch (JedisException gone) {
            // Not worth more than the failure that broke the connection: notifications that nobody hears do no harm, and a restart forgets the setting.
            return;
        }
    }

    private void subscribe() {
        connection.sendCommand(Command.PSUBSCRIBE, prefix + "*");
        connection.getOne();
    }

    private void demandAll() {
        var heard = new HashSet<String>();
        probe(source, canary.bytes());
        connection.setSoTimeout((int) PROBING.toMillis());
        for (var until = System.nanoTime() + PROBING.toNanos(); !heard.contains(PROBED.getLast()) && System.nanoTime() < until;) {
            heard().ifPresent(heard::add);
        }
        var missing = PROBED.stream().filter(event -> !heard.contains(event)).sorted().toList();
        if (missing.contains(PROBED.getLast())) {
            throw new Unsupported.Silent("it accepts this but did not tell all of our changes within " + PROBING.toSeconds() + " s; notify-keyspace-events must be " + WANTED);
        }
        if (!missing.isEmpty()) {
            throw new Unsupported("it does not notify of all changes: notify-keyspace-events lacks " + String.join(", ", missing));
        }
    }

    /** What next happens to the canary; empty when the next message is about another key, or none comes in time. */
    private Optional<String> heard() {
        try {
            return Message.of(connection.read(), prefix).filter(message -> message.key().equals(canary)).map(Message::event);
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

    private record Message(RedisKey key, String event) {
        /** Empty when this is none, but the answer to a command. */
        static Optional<Message> of(Object said, String prefix) {
            return said instanceof List<?> message && message.size() == 4 && message.get(2) instanceof byte[] channel
                    ? Optional.of(new Message(RedisKey.of(Arrays.copyOfRange(channel, Math.min(prefix.length(), channel.length), channel.length)), text(message.get(3)))) : Optional.empty();
        }

        static String text(Object bytes) {
            return new String((byte[]) bytes, StandardCharsets.UTF_8);
        }
    }

    /** Of the canary, which is set with an expiry, there are two messages each time; that it was set is told once. */
    @Override
    boolean tells(Object said) {
        var message = Message.of(said, prefix);
        message.filter(told -> !told.key().equals(canary) || told.event().equals("set")).ifPresent(told -> listener.changed(List.of(told.key())));
        if (message.isEmpty() && !(said instanceof List<?> pong && pong.size() == 2 && pong.getFirst() instanceof byte[] word && Message.text(word).equals("pong"))) {
            throw new JedisException("an answer that nobody asked for");
        }
        return message.isPresent();
    }

    @Override
    public void close() {
        super.close();
        putBack(source, formerSetting);
    }
}
