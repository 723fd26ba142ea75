package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.follow.ChangeFeed;
import dev.mastodonmigration.worker.redis.follow.Following;
import dev.mastodonmigration.worker.redis.mastodon.KeyNames;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.value.Difference;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisInfo;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import redis.clients.jedis.Jedis;

/**
 * Replication without a gap: from the moment that changes are followed until they are missed. It begins with a look at every key of both
 * sides, because it knows nothing of what was before; nothing of it outlives it.
 */
final class LiveSession implements AutoCloseable {
    private static final Duration IN_SYNC_LAG = Duration.ofSeconds(1);

    private final WorkerContext context;
    private final Following following;
    private final Session session;
    private final Heartbeat heartbeat;
    private final FullScan scan;
    private boolean proved;
    private Set<RedisKey> provedInFreeze = Set.of();

    private LiveSession(Following following, Session session, ScanProgress progress) {
        this.context = session.context();
        this.following = following;
        this.session = session;
        this.heartbeat = new Heartbeat(session);
        this.scan = new FullScan(session, heartbeat, progress);
    }

    /** @throws ChangeFeed.Unsupported when the source's changes can not be followed this way */
    static LiveSession open(Following following, Ends ends) throws Gap, Refusal, IOException, InterruptedException {
        var progress = new ScanProgress(ends.context().progress());
        return new LiveSession(following, Session.following(following, ends, progress), progress);
    }

    /**
     * Copies or compares every key; afterwards the target holds all that the source had when this began, and nothing else.
     *
     * @throws Refusal when the source's two Redis can not become one
     */
    void bringInSync() throws Gap, Refusal, IOException, InterruptedException {
        var conflict = session.sources().conflict(KeyScope.ALL);
        if (conflict.isPresent()) {
            throw new Refusal(conflict.get());
        }
        if (session.targetsWereEmpty()) {
            scan.copyAll();
        }
        compareAll();
        proved = true;
    }

    private void compareAll() throws Gap, Refusal, IOException, InterruptedException {
        scan.compareAll("comparing");
        scan.removeStrays(every -> true);
    }

    /** Keeps the target in step until the operator asks for the last changes. */
    void follow() throws Gap, Refusal, IOException, InterruptedException {
        while (!context.drain().await(Duration.ofMillis(50))) {
            heartbeat.beat();
            var backlog = session.partitions().backlog();
            var lag = Duration.ofNanos(backlog.oldestNanos());
            context.progress().update(now -> {
                // Asked inside the update, so that it is never said after a gap was noticed.
                var inSync = proved && session.partitions().areIntact() && lag.compareTo(IN_SYNC_LAG) < 0;
                return new Progress.Reading((inSync ? "in sync, by " : "applying, by ") + following + session.partitions().pace().words(), now.bytesDone(), now.bytesTotal(), now.itemsDone(), now.itemsTotal(), 0, inSync ? 0 : -1)
                        .withLag(backlog.changes(), lag.toSeconds(), inSync).ofRedis(session.sources().toString());
            });
        }
    }

    /**
     * Returns when every change made before it began is on the target.
     *
     * @throws Refusal when the source is still written to, or its two Redis can not become one
     */
    void drain() throws Gap, Refusal, IOException, InterruptedException {
        context.progress().update(now -> new Progress.Reading("draining", now.bytesDone(), now.bytesTotal(), now.itemsDone(), now.itemsTotal(), 0, -1));
        session.sources().demandSame(context);
        session.demandSameTargets();
        session.servers().demandReached(context);
        session.partitions().hurry();
        session.followed().each(FollowedServer::barrier);
        session.followed().each(FollowedServer::watchForWriters);
        if (!following.tellsAll() || !unidentified().isEmpty()) {
            compareAll();
        }
        bringWhatDiffers();
        settle();
    }

    /** What changed without being told, or was not looked at from end to end, is proved once all else is on the target; what differs comes once more. */
    private void bringWhatDiffers() throws Gap, Refusal, IOException, InterruptedException {
        provedInFreeze = session.keys().toProveAtTheEnd();
        if (!provedInFreeze.isEmpty()) {
            scan.await(backlog -> backlog.changes() == 0);
            session.partitions().prove(provedInFreeze);
            scan.await(backlog -> backlog.changes() + backlog.proofs() == 0);
        }
    }

    private void settle() throws Gap, Refusal, IOException, InterruptedException {
        do {
            heartbeat.beat();
            scan.await(backlog -> backlog.changes() == 0);
            session.followed().each(FollowedServer::barrier);
            session.followed().each(FollowedServer::refuseWriters);
        } while (session.partitions().backlog().changes() > 0);
        session.partitions().demandNoConflict();
    }

    /**
     * Proves what changed since its last proof, and all jobs in any case; those of a large queue were proved by {@link #drain} already.
     *
     * @return what differs
     * @throws Refusal when the source is still written to
     */
    Difference.Found proveRest() throws Gap, Refusal, IOException, InterruptedException {
        session.partitions().record();
        session.partitions().prove(jobs());
        proveAll();
        return session.partitions().found();
    }

    /** As {@link #proveRest}, of every key. */
    void proveEach() throws Gap, Refusal, IOException, InterruptedException {
        scan.compareAll("comparing once more");
        scan.recordStrays(every -> true);
        proveAll();
    }

    /** Cache that only the target has goes, which its own web processes write before it opens. Whatever else they wrote may be a job that somebody waits for. */
    void removeStrayCache() throws Gap, Refusal, IOException, InterruptedException {
        scan.removeStrays(KeyNames::isCache);
        proveAll();
    }

    private void proveAll() throws Gap, Refusal, IOException, InterruptedException {
        do {
            settle();
            scan.await(backlog -> backlog.proofs() == 0);
            // Inside the loop: what it waits for comes after all that was told, some of which may be to be applied.
            heartbeat.demandAll();
            session.followed().each(FollowedServer::refuseWriters);
            session.partitions().check();
        } while (session.partitions().backlog().changes() + session.partitions().backlog().proofs() > 0);
    }

    private Collection<RedisKey> jobs() {
        return KeyNames.jobs(session.sources().ofSidekiq().jedis()).stream().filter(key -> session.keys().contains(key) && !provedInFreeze.contains(key)).toList();
    }

    /**
     * Whether both ends have as many keys as they should; when not, only looking at each one tells which. Keys that expire do not count: the servers
     * remove those that are over at different times.
     */
    boolean sameCount() throws Gap, Refusal, IOException, InterruptedException {
        session.followed().each(FollowedServer::removeCanary);
        var wanted = 0L;
        for (var one : session.sources().all()) {
            wanted += lasting(one.side(), one.jedis()) - session.keys().lastingLeftBehind(one.jedis());
        }
        return wanted == lasting();
    }

    private long lasting() throws Refusal, IOException {
        var lasting = 0L;
        for (var target : session.targets()) {
            lasting += lasting(target.side(), target.jedis()) - ReplicatedKeys.lastingOurs(target.jedis());
        }
        return lasting;
    }

    private long lasting(RedisSide side, Jedis jedis) throws Refusal, IOException {
        return RedisInfo.of(jedis).lastingKeys(side.url(context).database());
    }

    Session session() {
        return session;
    }

    /** Those that another server may have replaced without our noticing. */
    List<String> unidentified() {
        return session.servers().unidentified();
    }

    @Override
    public void close() {
        session.close();
    }
}
