package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.worker.control.WorkerContext;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** Which server answers behind an address: after a failover another one does, and it may lack the last writes. */
public record ServerIdentity(List<Optional<String>> fields) {
    /** {@code master_replid} changes when a replica is promoted, {@code run_id} when a server restarts (redis.io/commands/info). */
    public static ServerIdentity of(Jedis jedis) {
        return of(RedisInfo.of(jedis));
    }

    public static ServerIdentity of(RedisInfo info) {
        return new ServerIdentity(List.of(info.text("run_id"), info.text("master_replid"), info.text("role")));
    }

    /** A proxy may leave out of INFO what changes with a failover. */
    public boolean isKnown() {
        return fields.get(1).isPresent();
    }

    /**
     * Whether two URLs lead to one server, also under two names or through proxies: copying onto itself would destroy the source. By the server's own run id, and by
     * whether a connection named through one is seen through the other.
     */
    public static boolean isShared(WorkerContext context, Jedis source, RedisInfo sourceInfo, Jedis target, RedisInfo targetInfo) {
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

    public void demandSame(Jedis jedis, RedisSide side) throws Gap {
        if (!equals(of(jedis))) {
            throw new Gap("another server answers as " + side.title() + " than before: it failed over or restarted");
        }
    }
}
