package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import redis.clients.jedis.Jedis;

/**
 * What one session of replication holds open.
 *
 * @param targetWasEmpty before the first change could be applied to it
 */
record SessionParts(WorkerContext context, RedisSources sources, Jedis target, boolean targetWasEmpty, KnownServers servers, ReplicatedKeys keys, ReplicationLanes lanes,
        FollowedSources followed)
        implements AutoCloseable {

    /** @throws ChangeFeed.Unsupported when the source's changes can not be followed this way */
    static SessionParts open(WorkerContext context, Following following, Marker marker, ReplicationLane.Copied copied) throws Gap, Refusal, IOException, InterruptedException {
        var sources = RedisSources.open(context, KeyScope.ALL);
        try {
            var target = RedisSide.TARGET.open(context);
            try {
                return open(context, following, marker, copied, sources, target);
            } catch (Gap | Refusal | IOException | InterruptedException | RuntimeException e) {
                target.close();
                throw e;
            }
        } catch (Gap | Refusal | IOException | InterruptedException | RuntimeException e) {
            sources.close();
            throw e;
        }
    }

    private static SessionParts open(WorkerContext context, Following following, Marker marker, ReplicationLane.Copied copied, RedisSources sources, Jedis target)
            throws Gap, Refusal, IOException, InterruptedException {
        var servers = KnownServers.of(sources, target);
        var targetWasEmpty = target.dbSize() <= 1;
        var keys = new ReplicatedKeys(sources);
        var lanes = ReplicationLanes.open(context, marker, sources, keys, copied);
        try {
            return new SessionParts(context, sources, target, targetWasEmpty, servers, keys, lanes, FollowedSources.open(context, following, sources, keys, lanes));
        } catch (Gap | Refusal | IOException | InterruptedException | RuntimeException e) {
            lanes.close();
            throw e;
        }
    }

    /** Whatever fails to close, no lane is left behind: it would write beside the next session's. */
    @Override
    public void close() {
        try (sources; target; lanes) {
            followed.close();
        }
    }
}
