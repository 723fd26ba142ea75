package dev.mastodonmigration.worker.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.RestoreParams;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;

/** Tries each command that a migration needs, because a service or a user's rights may forbid any of them. */
final class CommandProbe {
    /** Never exists on the source; on the target only for a moment, and it would expire by itself. */
    static final RedisKey KEY = RedisKey.of("mastodon_migration:probe");
    static final long LIFETIME_MILLISECONDS = 60_000;
    private static final byte[] NAME = KEY.bytes();
    private static final byte[] SCRIPT = "return redis.call('DBSIZE')".getBytes(StandardCharsets.UTF_8);

    /** Said of the probe key, not of the command: so the command is allowed. */
    private static final List<String> OF_THE_KEY = List.of("WRONGTYPE", "NOGROUP", "ERR no such key", "ERR The XGROUP subcommand requires the key to exist");
    /** What {@link QuietSidekiq} asks. */
    private static final List<String> OF_SIDEKIQ = List.of("HGETALL", "HVALS");
    /** Large values travel by these, in pages. */
    private static final List<String> PAGED_WRITES = List.of("APPEND value", "RPUSH value", "LTRIM 0 -1", "SADD value", "HSET field value", "ZADD 1 member", "XADD 1-1 field value",
            "XTRIM MAXLEN 0", "XCLAIM group consumer 0 1-1", "XSETID 1-1");
    /** Of the target: two values are compared, and jobs that came late go along, by these. */
    private static final List<String> LOOKUPS = List.of("LPOS value", "ZMSCORE member", "SISMEMBER member", "SMISMEMBER member", "HMGET field", "LPUSH value");

    private CommandProbe() {}

    /**
     * Of a key that does not exist, and so that it does not exist afterwards either.
     *
     * @param quieted whether {@link QuietSidekiq} will tell Sidekiq through this Redis to fetch no more
     */
    static List<String> source(Jedis jedis, String name, boolean quieted) {
        var commands = reads();
        if (quieted) {
            onProbeKey(commands, OF_SIDEKIQ);
            commands.put("LPUSH", connection -> discarded(connection, "LPUSH value"));
            commands.put("EXPIRE", connection -> connection.expire(NAME, LIFETIME_MILLISECONDS / 1000));
        }
        return refusals(jedis, name, commands);
    }

    /**
     * Whether a command is allowed is looked at when a transaction takes it, so it need not be carried out. Transactions themselves are not needed on the
     * source: where they are forbidden, the command stays untried.
     */
    private static void discarded(Jedis connection, String line) {
        if (!says(connection, Command.DISCARD, "without MULTI") || !says(connection, Command.MULTI, "OK")) {
            return;
        }
        try {
            onProbeKey(connection, line);
        } finally {
            connection.sendCommand(Command.DISCARD);
        }
    }

    private static boolean says(Jedis connection, Command command, String words) {
        try {
            return new String((byte[]) connection.sendCommand(command), StandardCharsets.UTF_8).contains(words);
        } catch (JedisDataException e) {
            return String.valueOf(e.getMessage()).contains(words);
        }
    }

    /** Reads, and writes of the probe key; to be asked only where it cannot hurt. */
    static List<String> target(Jedis jedis, String name) {
        var commands = reads();
        commands.put("SET", connection -> connection.set(NAME, NAME, SetParams.setParams().px(LIFETIME_MILLISECONDS)));
        commands.put("RESTORE", connection -> {
            var payload = connection.dump(NAME);
            if (payload != null) {
                connection.restore(NAME, System.currentTimeMillis() + LIFETIME_MILLISECONDS, payload, RestoreParams.restoreParams().replace().absTtl());
            }
        });
        commands.put("WATCH", connection -> connection.watch(NAME));
        commands.put("MULTI", connection -> {
            try (var transaction = connection.multi()) {
                transaction.exists(NAME);
                transaction.exec();
            }
        });
        onProbeKey(commands, PAGED_WRITES);
        onProbeKey(commands, LOOKUPS);
        ofStream(commands, Command.XGROUP, "CREATE group $");
        ofStream(commands, Command.XGROUP, "CREATECONSUMER group consumer");
        commands.put("PEXPIREAT", connection -> connection.pexpireAt(NAME, System.currentTimeMillis() + LIFETIME_MILLISECONDS));
        commands.put("EVAL", connection -> connection.eval(SCRIPT));
        commands.put("DEL", connection -> connection.del(NAME));
        commands.put("UNLINK", connection -> connection.unlink(NAME));
        return refusals(jedis, name, commands);
    }

    private static Map<String, Consumer<Jedis>> reads() {
        var commands = new LinkedHashMap<String, Consumer<Jedis>>();
        commands.put("SCAN", connection -> connection.scan(ScanParams.SCAN_POINTER_START_BINARY));
        commands.put("DUMP", connection -> connection.dump(NAME));
        commands.put("PTTL", connection -> connection.pttl(NAME));
        commands.put("TIME", Jedis::time);
        commands.put("EXISTS", connection -> connection.exists(NAME));
        commands.put("TYPE", connection -> connection.type(NAME));
        commands.put("SMEMBERS", connection -> connection.smembers(NAME));
        commands.put("STRLEN", connection -> connection.strlen(NAME));
        commands.put("LRANGE", connection -> connection.lrange(NAME, 0, 0));
        commands.put("HSCAN", connection -> connection.hscan(NAME, ScanParams.SCAN_POINTER_START_BINARY));
        commands.put("SSCAN", connection -> connection.sscan(NAME, ScanParams.SCAN_POINTER_START_BINARY));
        commands.put("ZSCAN", connection -> connection.zscan(NAME, ScanParams.SCAN_POINTER_START_BINARY));
        commands.put("DBSIZE", Jedis::dbSize);
        onProbeKey(commands, List.of("LLEN", "SCARD", "HLEN", "ZCARD", "XLEN", "GETRANGE 0 0", "XRANGE - +", "XPENDING group"));
        List.of("STREAM", "GROUPS", "CONSUMERS group").forEach(line -> ofStream(commands, Command.XINFO, line));
        return commands;
    }

    /** A user may have one subcommand and not the other. */
    private static void ofStream(Map<String, Consumer<Jedis>> commands, Command command, String line) {
        var words = List.of(line.split(" "));
        var arguments = Stream.concat(Stream.of(ascii(words.getFirst()), NAME), words.stream().skip(1).map(CommandProbe::ascii)).toArray(byte[][]::new);
        commands.put(command + " " + words.getFirst(), connection -> connection.sendCommand(command, arguments));
    }

    private static void onProbeKey(Map<String, Consumer<Jedis>> commands, List<String> lines) {
        lines.forEach(line -> commands.put(line.split(" ")[0], connection -> onProbeKey(connection, line)));
    }

    /** A command as an admin would type it, the key left out. */
    private static void onProbeKey(Jedis connection, String line) {
        var words = List.of(line.split(" "));
        var arguments = Stream.concat(Stream.of(NAME), words.stream().skip(1).map(CommandProbe::ascii));
        // Jedis 7 does not list XSETID.
        connection.sendCommand(() -> ascii(words.getFirst()), arguments.toArray(byte[][]::new));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static List<String> refusals(Jedis jedis, String name, Map<String, Consumer<Jedis>> commands) {
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
