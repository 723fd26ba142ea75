package dev.mastodonmigration.worker.redis;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import redis.clients.jedis.Jedis;

/**
 * Sidekiq's keys about its running processes, which belong to the source's processes and would be lies on the target
 * (Sidekiq 8: lib/sidekiq/launcher.rb heartbeat, api.rb ProcessSet).
 */
final class SidekiqProcessKeys {
    private static final byte[] PROCESSES = "processes".getBytes(StandardCharsets.UTF_8);

    private final Set<RedisKey> names;

    private SidekiqProcessKeys(Set<RedisKey> names) {
        this.names = names;
    }

    static SidekiqProcessKeys on(Jedis source) {
        var names = new HashSet<>(Set.of(RedisKey.of(PROCESSES), RedisKey.of("process_cleanup")));
        if ("set".equals(source.type(PROCESSES))) {
            for (var member : source.smembers(PROCESSES)) {
                var identity = new String(member, StandardCharsets.UTF_8);
                names.addAll(Set.of(RedisKey.of(member), RedisKey.of(identity + ":work"), RedisKey.of(identity + "-signals")));
            }
        }
        return new SidekiqProcessKeys(Set.copyOf(names));
    }

    boolean contains(RedisKey key) {
        return names.contains(key);
    }

    /** How many of them exist there now. */
    long existing(Jedis jedis) {
        return jedis.exists(names.stream().map(RedisKey::bytes).toArray(byte[][]::new));
    }
}
