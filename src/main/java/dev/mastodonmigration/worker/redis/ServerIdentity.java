package dev.mastodonmigration.worker.redis;

import java.util.List;
import java.util.Optional;
import redis.clients.jedis.Jedis;

/** Which server answers behind an address: after a failover another one does, and it may lack the last writes. */
record ServerIdentity(List<Optional<String>> fields) {
    /** {@code master_replid} changes when a replica is promoted, {@code run_id} when a server restarts (redis.io/commands/info). */
    static ServerIdentity of(Jedis jedis) {
        return of(RedisInfo.of(jedis));
    }

    static ServerIdentity of(RedisInfo info) {
        return new ServerIdentity(List.of(info.text("run_id"), info.text("master_replid"), info.text("role")));
    }

    /** A proxy may leave out of INFO what changes with a failover. */
    boolean isKnown() {
        return fields.get(1).isPresent();
    }

    void demandSame(Jedis jedis, RedisSide side) throws Gap {
        if (!equals(of(jedis))) {
            throw new Gap("another server answers as " + side.title() + " than before: it failed over or restarted");
        }
    }
}
