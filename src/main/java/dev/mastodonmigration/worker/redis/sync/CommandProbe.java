package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.mastodon.QuietSidekiq;
import dev.mastodonmigration.worker.redis.wire.OurKeys;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.RestoreParams;

/** Tries each command that a migration needs, because a service or a user's rights may forbid any of them. */
final class CommandProbe {
    static final long LIFETIME_MILLISECONDS = 60_000;
    private static final byte[] NAME = OurKeys.PROBE.bytes();

    /** Said of the probe key, not of the command: so the command is allowed. */
    private static final List<String> OF_THE_KEY = List.of("WRONGTYPE", "ERR no such key");

    // Commands as an admin would type them, with "key" for the probe key.
    private static final List<String> READS = List.of("SCAN 0", "DUMP key", "PTTL key", "TIME", "EXISTS key", "TYPE key", "SMEMBERS key", "STRLEN key", "LRANGE key 0 0", "HSCAN key 0",
            "SSCAN key 0", "ZSCAN key 0", "DBSIZE", "LLEN key", "SCARD key", "HLEN key", "ZCARD key", "GETRANGE key 0 0");
    /** What {@link QuietSidekiq} asks. */
    private static final List<String> OF_SIDEKIQ = List.of("HGETALL key", "HVALS key");
    /** Large values travel by these, in pages. */
    private static final List<String> PAGED_WRITES = List.of("APPEND key value", "RPUSH key value", "LTRIM key 0 -1", "SADD key value", "HSET key field value", "ZADD key 1 member");
    /** Of the target: two values are compared, and jobs that came late go along, by these. */
    private static final List<String> LOOKUPS = List.of("LPOS key value", "ZMSCORE key member", "SISMEMBER key member", "SMISMEMBER key member", "HMGET key field", "LPUSH key value");

    private final Map<String, Consumer<Jedis>> commands = new LinkedHashMap<>();

    private CommandProbe() {
        tried(READS);
    }

    /**
     * Of a key that does not exist, and so that it does not exist afterwards either.
     *
     * @param quieted whether {@link QuietSidekiq} will tell Sidekiq through this Redis to fetch no more
     */
    static List<String> source(Jedis jedis, String name, boolean quieted) {
        var probe = new CommandProbe();
        if (quieted) {
            probe.tried(OF_SIDEKIQ);
            probe.commands.put("LPUSH", connection -> discarded(connection, "LPUSH key value"));
            probe.tried(List.of("EXPIRE key " + LIFETIME_MILLISECONDS / 1000));
        }
        return probe.refusals(jedis, name);
    }

    /**
     * Whether a command is allowed is looked at when a transaction takes it, so it need not be carried out. Transactions themselves are not needed on the
     * source: where they are forbidden, the command stays untried.
     */
    private static void discarded(Jedis connection, String line) {
        if (!says(connection, "DISCARD", "without MULTI") || !says(connection, "MULTI", "OK")) {
            return;
        }
        try {
            send(connection, line);
        } finally {
            send(connection, "DISCARD");
        }
    }

    private static boolean says(Jedis connection, String line, String words) {
        try {
            return new String((byte[]) send(connection, line), StandardCharsets.UTF_8).contains(words);
        } catch (JedisDataException e) {
            return String.valueOf(e.getMessage()).contains(words);
        }
    }

    /** Reads, and writes of the probe key; to be asked only where it cannot hurt. */
    static List<String> target(Jedis jedis, String name) {
        var probe = new CommandProbe();
        probe.tried(List.of("SET key value PX " + LIFETIME_MILLISECONDS));
        probe.commands.put("RESTORE", connection -> {
            var payload = connection.dump(NAME);
            if (payload != null) {
                connection.restore(NAME, System.currentTimeMillis() + LIFETIME_MILLISECONDS, payload, RestoreParams.restoreParams().replace().absTtl());
            }
        });
        probe.tried(List.of("WATCH key"));
        probe.commands.put("MULTI", connection -> {
            try (var transaction = connection.multi()) {
                transaction.exists(NAME);
                transaction.exec();
            }
        });
        probe.tried(PAGED_WRITES);
        probe.tried(LOOKUPS);
        probe.tried(List.of("PEXPIREAT key " + (System.currentTimeMillis() + LIFETIME_MILLISECONDS), "EVAL redis.call('DBSIZE') 0", "DEL key", "UNLINK key"));
        return probe.refusals(jedis, name);
    }

    private void tried(List<String> lines) {
        lines.forEach(line -> commands.put(line.split(" ")[0], connection -> send(connection, line)));
    }

    private static Object send(Jedis connection, String line) {
        var words = List.of(line.split(" "));
        var arguments = words.stream().skip(1).map(word -> word.equals("key") ? NAME : ascii(word));
        return connection.sendCommand(() -> ascii(words.getFirst()), arguments.toArray(byte[][]::new));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private List<String> refusals(Jedis jedis, String name) {
        var refused = new LinkedHashMap<String, List<String>>();
        var words = new LinkedHashMap<String, String>();
        commands.forEach((command, attempt) -> {
            try {
                attempt.accept(jedis);
            } catch (JedisDataException e) {
                var said = String.valueOf(e.getMessage());
                if (OF_THE_KEY.stream().noneMatch(said::startsWith)) {
                    refused.computeIfAbsent(advice(said), first -> new ArrayList<>()).add(command);
                    words.putIfAbsent(advice(said), said);
                }
            }
        });
        return refused.entrySet().stream().map(one -> name + " refuses " + String.join(", ", one.getValue()) + " (" + words.get(one.getKey()) + "). " + one.getKey()).toList();
    }

    private static String advice(String words) {
        if (words.startsWith("READONLY")) {
            return "It is a replica: give the URL of its primary.";
        }
        if (words.startsWith("OOM")) {
            return "Its memory is full: free some, or give it more.";
        }
        return "Allow these commands on all keys for this user, or use the default user's URL.";
    }
}
