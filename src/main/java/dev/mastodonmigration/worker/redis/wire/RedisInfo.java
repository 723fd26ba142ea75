package dev.mastodonmigration.worker.redis.wire;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;

/** What INFO tells about a server: CONFIG is forbidden on ElastiCache and Redis Cloud, INFO is not. */
public record RedisInfo(Map<String, String> fields) {
    public static RedisInfo of(Jedis jedis) {
        var fields = new HashMap<String, String>();
        jedis.info().lines().filter(line -> line.contains(":") && !line.startsWith("#")).forEach(line -> {
            var colon = line.indexOf(':');
            fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
        });
        return new RedisInfo(Map.copyOf(fields));
    }

    public Optional<String> text(String field) {
        return Optional.ofNullable(fields.get(field)).filter(value -> !value.isEmpty());
    }

    public long number(String field) {
        return text(field).filter(value -> value.matches("\\d+")).map(Long::parseLong).orElse(0L);
    }

    /** As 7 for "7.0.15"; Valkey reports the Redis version that it is compatible with. */
    public int majorVersion() {
        return text("redis_version").map(version -> version.replaceAll("\\D.*", "")).filter(major -> !major.isEmpty()).map(Integer::parseInt).orElse(0);
    }

    public String product() {
        return text("valkey_version").map(version -> "Valkey " + version).orElse("Redis " + text("redis_version").orElse("of unknown version"));
    }

    /** Number of keys by logical database, the empty ones left out. */
    public Map<Integer, Long> keysByDatabase() {
        return fields.entrySet().stream().filter(entry -> entry.getKey().matches("db\\d+")).collect(Collectors.toMap(
                entry -> Integer.parseInt(entry.getKey().substring(2)), RedisInfo::keys, Long::sum, TreeMap::new));
    }

    /** Number of keys of one database that do not expire; of the others, each server has some that are over and not yet removed. */
    public long lastingKeys(int database) {
        return text("db" + database).map(counts -> count(counts, "keys") - count(counts, "expires")).orElse(0L);
    }

    /** What CLIENT LIST tells of each connection, by field. */
    public static List<Map<String, String>> clients(Jedis jedis) {
        return jedis.clientList().lines().map(client -> Stream.of(client.strip().split(" ")).map(field -> field.split("=", 2)).filter(field -> field.length == 2)
                .collect(Collectors.toMap(field -> field[0], field -> field[1], (first, second) -> first))).toList();
    }

    private static long keys(Entry<String, String> database) {
        return count(database.getValue(), "keys");
    }

    private static long count(String counts, String what) {
        return Long.parseLong(counts.replaceAll("(.*,)?" + what + "=(\\d+).*", "$2"));
    }
}
