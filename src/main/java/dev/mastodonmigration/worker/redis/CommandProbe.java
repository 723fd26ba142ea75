package dev.mastodonmigration.worker.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.RestoreParams;
import redis.clients.jedis.params.ScanParams;

/** Tries each command that a migration needs, because a service or a user's rights may forbid any of them. */
final class CommandProbe {
    /** Never exists on the source; on the target only for a moment, and it would expire by itself. */
    static final RedisKey KEY = RedisKey.of("mastodon_migration:probe");
    static final long LIFETIME_MILLISECONDS = 60_000;
    private static final byte[] NAME = KEY.bytes();
    private static final byte[] SCRIPT = "return redis.call('DBSIZE')".getBytes(StandardCharsets.UTF_8);

    private CommandProbe() {}

    /** Reads only, and of a key that does not exist. */
    static List<String> source(Jedis jedis, String name) {
        return refusals(jedis, name, reads());
    }

    /** Reads, and writes of the probe key; to be asked only where it cannot hurt. */
    static List<String> target(Jedis jedis, String name) {
        var commands = reads();
        commands.put("SET", connection -> connection.psetex(NAME, LIFETIME_MILLISECONDS, NAME));
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
        commands.put("EVAL", connection -> connection.eval(SCRIPT));
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
        return commands;
    }

    private static List<String> refusals(Jedis jedis, String name, Map<String, Consumer<Jedis>> commands) {
        var refused = new ArrayList<String>();
        var words = new ArrayList<String>();
        commands.forEach((command, attempt) -> {
            try {
                attempt.accept(jedis);
            } catch (JedisDataException e) {
                refused.add(command);
                words.add(e.getMessage());
            }
        });
        return refused.isEmpty() ? List.of() : List.of(name + " refuses " + String.join(", ", refused) + " (" + words.getFirst()
                + "). Allow these commands on all keys for this user, or use the default user's URL.");
    }
}
