package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
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
final class ReplicationSession implements AutoCloseable {
    private static final Duration IN_SYNC_LAG = Duration.ofSeconds(1);

    private final WorkerContext context;
    private final Following following;
    private final SessionParts parts;
    private final Heartbeat heartbeat;
    private final KeyPasses passes;
    private boolean proved;
    private Set<RedisKey> provedInFreeze = Set.of();

    private ReplicationSession(Following following, SessionParts parts, PassProgress progress) {
        this.context = parts.context();
        this.following = following;
        this.parts = parts;
        this.heartbeat = new Heartbeat(parts);
        this.passes = new KeyPasses(parts, heartbeat, progress);
    }

    /** @throws ChangeFeed.Unsupported when the source's changes can not be followed this way */
    static ReplicationSession open(WorkerContext context, Following following, Marker marker) throws Gap, Refusal, IOException, InterruptedException {
        var progress = new PassProgress(context.progress());
        return new ReplicationSession(following, SessionParts.open(context, following, marker, progress), progress);
    }

    /**
     * Copies or compares every key; afterwards the target holds all that the source had when this began, and nothing else.
     *
     * @throws Refusal when the source's two Redis can not become one
     */
    void bringInSync() throws Gap, Refusal, InterruptedException {
        var conflict = parts.sources().conflict(KeyScope.ALL);
        if (conflict.isPresent()) {
            throw new Refusal(conflict.get());
        }
        if (parts.targetWasEmpty()) {
            passes.copyAll();
        }
        passes.compareAll();
        passes.findStreams();
        proved = true;
    }

    /** Keeps the target in step until the operator asks for the last changes. */
    void follow() throws Gap, Refusal, InterruptedException {
        while (!context.drain().await(Duration.ofMillis(50))) {
            heartbeat.beat();
            var backlog = parts.lanes().backlog();
            var lag = Duration.ofNanos(backlog.oldestNanos());
            context.progress().update(now -> {
                // Asked inside the update, so that it is never said after a gap was noticed.
                var inSync = proved && parts.lanes().areIntact() && lag.compareTo(IN_SYNC_LAG) < 0;
                return new Progress.Reading((inSync ? "in sync, by " : "applying, by ") + following + parts.lanes().pace().words(), now.bytesDone(), now.bytesTotal(), now.itemsDone(), now.itemsTotal(), 0, inSync ? 0 : -1)
                        .withLag(backlog.changes(), lag.toSeconds(), inSync).ofRedis(parts.sources().toString());
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
        parts.sources().demandSame(context);
        parts.servers().demandReached(context);
        parts.lanes().hurry();
        parts.followed().barrier();
        parts.followed().watchForWriters();
        if (!following.tellsAll() || !unidentified().isEmpty()) {
            passes.compareAll();
        }
        bringWhatDiffers();
        settle();
    }

    /** What changed without being told, or was not looked at from end to end, is proved once all else is on the target; what differs comes once more. */
    private void bringWhatDiffers() throws Gap, Refusal, InterruptedException {
        provedInFreeze = parts.keys().toProveAtTheEnd();
        if (!provedInFreeze.isEmpty()) {
            passes.awaitLanes(backlog -> backlog.changes() == 0);
            parts.lanes().prove(provedInFreeze);
            passes.awaitLanes(backlog -> backlog.changes() + backlog.proofs() == 0);
        }
    }

    private void settle() throws Gap, Refusal, IOException, InterruptedException {
        do {
            heartbeat.beat();
            passes.awaitLanes(backlog -> backlog.changes() == 0);
            parts.followed().barrier();
            parts.followed().refuseWriters();
        } while (parts.lanes().backlog().changes() > 0);
        parts.lanes().demandNoConflict();
    }

    /**
     * Proves what changed since its last proof, and all jobs in any case; those of a large queue were proved by {@link #drain} already.
     *
     * @throws Refusal when the source is still written to
     */
    void proveRest(Difference.Found found) throws Gap, Refusal, IOException, InterruptedException {
        parts.lanes().proveForGood(found);
        parts.lanes().prove(jobs());
        proveAll();
    }

    /** Cache that only the target has goes, which its own web processes write before it opens. Whatever else they wrote may be a job that somebody waits for. */
    void removeStrayCache() throws Gap, Refusal, IOException, InterruptedException {
        passes.removeStrays(TargetContents::isCache);
        proveAll();
    }

    private void proveAll() throws Gap, Refusal, IOException, InterruptedException {
        do {
            settle();
            passes.awaitLanes(backlog -> backlog.proofs() == 0);
            // Inside the loop: what it waits for comes after all that was told, some of which may be to be applied.
            heartbeat.demandAll();
            parts.followed().refuseWriters();
            parts.lanes().check();
        } while (parts.lanes().backlog().changes() + parts.lanes().backlog().proofs() > 0);
    }

    private Collection<RedisKey> jobs() {
        return JobKeys.on(parts.sources().ofSidekiq().jedis()).stream().filter(key -> parts.keys().contains(key) && !provedInFreeze.contains(key)).toList();
    }

    /**
     * Whether both sides have as many keys as they should; when not, only looking at each one tells which. Keys that expire do not count: the servers
     * remove those that are over at different times.
     */
    boolean sameCount() throws Refusal, IOException {
        parts.followed().removeCanaries();
        var wanted = 0L;
        for (var one : parts.sources().all()) {
            wanted += lasting(one.side(), one.jedis()) - parts.keys().lastingLeftBehind(one.jedis());
        }
        return wanted == lasting(RedisSide.TARGET, parts.target()) - 1;
    }

    private long lasting(RedisSide side, Jedis jedis) throws Refusal, IOException {
        return RedisInfo.of(jedis).lastingKeys(side.url(context).database());
    }

    /** Those that another server may have replaced without our noticing. */
    List<String> unidentified() {
        return parts.servers().unidentified();
    }

    Jedis target() {
        return parts.target();
    }

    @Override
    public void close() {
        parts.close();
    }
}
