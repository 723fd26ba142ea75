package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.worker.control.WorkerContext;
import java.util.UUID;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** Whether two URLs lead to one server, also under two names or through proxies: copying onto itself would destroy the source. */
public final class SameServer {
    private SameServer() {}

    /** By the server's own run id, and by whether a connection named through one is seen through the other. */
    public static boolean probe(WorkerContext context, Jedis source, RedisInfo sourceInfo, Jedis target, RedisInfo targetInfo) {
        return sourceInfo.text("run_id").filter(id -> id.equals(targetInfo.text("run_id").orElse(""))).isPresent() || seesNamed(context, source, target);
    }

    private static boolean seesNamed(WorkerContext context, Jedis source, Jedis target) {
        var probe = "mastodon-migration-probe-" + UUID.randomUUID();
        try {
            source.clientSetname(probe);
            var seen = target.clientList().contains(probe);
            source.clientSetname(RedisSide.connectionName(context));
            return seen;
        } catch (JedisDataException notAllowed) {
            return false;
        }
    }
}
