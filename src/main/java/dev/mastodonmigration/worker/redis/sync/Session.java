package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.follow.ChangeFeed;
import dev.mastodonmigration.worker.redis.follow.Following;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import redis.clients.jedis.Jedis;

/**
 * What one session of replication holds open.
 *
 * @param targetsWereEmpty before the first change could be applied
 */
record Session(Ends ends, KeyScope scope, RedisSources sources, List<Target> targets, boolean targetsWereEmpty, KnownServers servers, ReplicatedKeys keys, Partitions partitions,
        FollowedServers followed) implements AutoCloseable {
    /**
     * A Redis that is written, as the session itself asks it.
     *
     * @param name as its URL had it before the session connected to it
     */
    record Target(RedisSide side, Jedis jedis, String name) {}

    /** @throws ChangeFeed.Unsupported when the source's changes can not be followed this way */
    static Session following(Following following, Ends ends, Partition.Copied copied) throws Gap, Refusal, IOException, InterruptedException {
        return open(ends, KeyScope.ALL, Partition.Differing.REPAIRED, copied,
                (now, sources, keys, partitions) -> FollowedServers.open(now, following, sources, keys, partitions));
    }

    /** Of a source whose changes are not followed, so that nobody should write there. */
    static Session atRest(Ends ends, KeyScope scope, Partition.Differing differing, Partition.Copied copied) throws Gap, Refusal, IOException, InterruptedException {
        var session = open(ends, scope, differing, copied, (now, sources, keys, partitions) -> new FollowedServers());
        session.partitions().hurry();
        return session;
    }

    private interface Follow {
        FollowedServers open(Ends ends, RedisSources sources, ReplicatedKeys keys, Partitions partitions) throws Gap, Refusal, IOException, InterruptedException;
    }

    private static Session open(Ends markedEnds, KeyScope scope, Partition.Differing differing, Partition.Copied copied, Follow follow) throws Gap, Refusal, IOException, InterruptedException {
        var opened = new ArrayDeque<Runnable>();
        try {
            var sources = RedisSources.open(markedEnds.context(), now -> scope.from(markedEnds.direction(), now));
            opened.push(sources::close);
            var ends = markedEnds.reading(sources.all().stream().map(RedisSources.One::side).toList());
            var targets = new ArrayList<Target>();
            for (var side : ends.to().keySet()) {
                var name = side.name(side.url(ends.context()));
                var jedis = side.open(ends.context());
                opened.push(jedis::close);
                targets.add(new Target(side, jedis, name));
            }
            var empty = targets.stream().allMatch(target -> target.jedis().dbSize() <= ReplicatedKeys.oursAnd(Set.of(), target.jedis()));
            var keys = new ReplicatedKeys(sources, scope);
            var partitions = Partitions.open(ends, keys, differing, copied);
            opened.push(partitions::close);
            return new Session(ends, scope, sources, List.copyOf(targets), empty, KnownServers.of(sources, targets), keys, partitions, follow.open(ends, sources, keys, partitions));
        } catch (Gap | Refusal | IOException | InterruptedException | RuntimeException e) {
            closeAll(opened);
            throw e;
        }
    }

    WorkerContext context() {
        return ends.context();
    }

    /** @throws Gap when the Secret names another target by now, while the one of this session may live on */
    void demandSameTargets() throws Gap, Refusal {
        try {
            for (var target : targets) {
                var now = target.side().name(target.side().url(context()));
                if (!now.equals(target.name())) {
                    throw new Gap("the Secret names another target than before: now " + now + ", before " + target.name());
                }
            }
        } catch (IOException e) {
            throw new Gap("the worker's Secret could not be read (" + e.getMessage() + ")", e);
        }
    }

    /** What was written is complete: says so where this session wrote it, whichever the Secret names by now. */
    void markLoaded() throws Refusal, IOException {
        for (var target : targets) {
            new MarkedTarget(target.jedis(), context(), target.name()).moveTo(Marker.State.LOADED, ends.to().get(target.side()));
        }
    }

    /** How many keys there are at the end now, our own left out. */
    long count() {
        return targets.stream().mapToLong(target -> target.jedis().dbSize() - ReplicatedKeys.oursAnd(Set.of(), target.jedis())).sum();
    }

    /** Whatever fails to close, no partition is left behind: it would write beside the next session's. */
    @Override
    public void close() {
        var opened = new ArrayDeque<Runnable>(List.of(followed::close, partitions::close));
        targets.forEach(target -> opened.add(target.jedis()::close));
        opened.add(sources::close);
        closeAll(opened);
    }

    private static void closeAll(Deque<Runnable> opened) {
        if (!opened.isEmpty()) {
            try {
                opened.pop().run();
            } finally {
                closeAll(opened);
            }
        }
    }
}
