package dev.mastodonmigration.worker.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.Jedis;

/** Where Sidekiq keeps its jobs: the only data of Mastodon that can not be made again, so it is compared whatever was proved before. */
final class JobKeys {
    private static final byte[] QUEUES = "queues".getBytes(StandardCharsets.UTF_8);

    private JobKeys() {}

    static List<RedisKey> on(Jedis source) {
        var keys = new ArrayList<>(List.of(RedisKey.of(QUEUES), RedisKey.of("schedule"), RedisKey.of("retry"), RedisKey.of("dead"), RedisKey.of("uniquejobs:digests")));
        if ("set".equals(source.type(QUEUES))) {
            source.smembers(QUEUES).forEach(queue -> keys.add(RedisKey.of("queue:" + new String(queue, StandardCharsets.UTF_8))));
        }
        return keys;
    }
}
