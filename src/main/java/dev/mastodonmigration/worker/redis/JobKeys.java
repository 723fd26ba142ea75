package dev.mastodonmigration.worker.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.ScanParams;

/** Where Sidekiq keeps its jobs: the only data of Mastodon that can not be made again, so it is compared whatever was proved before. */
final class JobKeys {
    private static final String QUEUE = "queue:";
    private static final int STEP = 1000;
    private static final byte[] QUEUES = "queues".getBytes(StandardCharsets.UTF_8);

    private JobKeys() {}

    static List<RedisKey> on(Jedis source) {
        var keys = new ArrayList<>(List.of(RedisKey.of(QUEUES), RedisKey.of("schedule"), RedisKey.of("retry"), RedisKey.of("dead"), RedisKey.of("uniquejobs:digests"), RedisKey.of("uniquejobs:expiring_digests")));
        if ("set".equals(source.type(QUEUES))) {
            source.smembers(QUEUES).forEach(queue -> keys.add(RedisKey.of(QUEUE + new String(queue, StandardCharsets.UTF_8))));
        }
        return keys;
    }

    /** Queues by their keys, also one that the set of queues does not name: a Sidekiq takes jobs from it all the same. Reads the names of all keys. */
    static List<RedisKey> queues(Jedis source) {
        var found = new ArrayList<RedisKey>();
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        for (var more = true; more;) {
            var step = source.scan(cursor, new ScanParams().match(QUEUE + "*").count(STEP));
            step.getResult().stream().map(RedisKey::of).forEach(found::add);
            cursor = step.getCursorAsBytes();
            more = !step.isCompleteIteration();
        }
        return found;
    }
}
