package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;

/** The source as its changes tell it: each goes to the lane of its key, and the source is asked again and again whether it still tells them. */
final class FollowedSource implements AutoCloseable, ChangeTracker.Listener {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration FIRST_PATIENCE = Duration.ofSeconds(5);
    private static final long CANARY_LIFETIME_SECONDS = 60;

    private final WorkerContext context;
    private final Jedis source;
    private final ReplicatedKeys keys;
    private final ReplicationLanes lanes;
    private final ChangeTracker tracker;
    private volatile CountDownLatch canary = new CountDownLatch(1);
    private volatile boolean processesChanged;
    private volatile Optional<Set<RedisKey>> afterFreeze = Optional.empty();

    /** @throws ChangeTracker.Unsupported when the source's changes can not be followed */
    FollowedSource(WorkerContext context, Jedis source, ReplicatedKeys keys, ReplicationLanes lanes) throws Refusal, IOException, InterruptedException {
        this.context = context;
        this.source = source;
        this.keys = keys;
        this.lanes = lanes;
        this.tracker = RedisSide.SOURCE.track(context, this);
        try {
            if (!sing(FIRST_PATIENCE)) {
                throw new ChangeTracker.Unsupported(new JedisDataException("it accepts CLIENT TRACKING but does not tell a change"));
            }
        } catch (JedisDataException e) {
            close();
            throw new ChangeTracker.Unsupported(e);
        } catch (RuntimeException | InterruptedException e) {
            close();
            throw e;
        }
    }

    @Override
    public void changed(List<RedisKey> changed) {
        if (changed.contains(ReplicatedKeys.CANARY)) {
            canary.countDown();
        }
        if (changed.stream().anyMatch(ReplicatedKeys::tellsProcesses)) {
            processesChanged = true;
        }
        var ours = changed.stream().filter(keys::contains).toList();
        afterFreeze.ifPresent(frozen -> frozen.addAll(ours));
        lanes.changed(ours);
    }

    @Override
    public void gap(Gap gap) {
        lanes.fail(gap);
        canary.countDown();
        context.progress().update(now -> now.withLag(now.lagChanges(), now.lagSeconds(), false));
    }

    /** Writes the canary and waits until its change is told. */
    private boolean sing(Duration patience) throws InterruptedException {
        var told = new CountDownLatch(1);
        canary = told;
        source.set(ReplicatedKeys.CANARY.bytes(), UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII), SetParams.setParams().ex(CANARY_LIFETIME_SECONDS));
        return told.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** An answer to PING alone would not show that changes are told. */
    void demandTelling() throws Gap, Refusal, InterruptedException {
        var told = sing(PATIENCE);
        lanes.check();
        if (!told) {
            throw new Gap("the source does not tell its changes any more");
        }
    }

    /** Returns when every change made before the call has gone to its lane. */
    void barrier() throws Gap, InterruptedException {
        tracker.barrier(PATIENCE);
    }

    Duration ping() throws Gap, InterruptedException {
        var asked = System.nanoTime();
        tracker.ping(PATIENCE);
        return Duration.ofNanos(System.nanoTime() - asked);
    }

    /** When a Sidekiq came or went, its keys are looked at again: some may have been copied before they were known to be its own. */
    void followProcesses() {
        if (processesChanged) {
            processesChanged = false;
            lanes.changed(keys.refresh(source));
        }
    }

    /** From now on nobody should write. */
    void watchForWriters() {
        afterFreeze = Optional.of(ConcurrentHashMap.newKeySet());
    }

    /** Expiry and eviction only remove: what was told after the freeze and exists has been written. */
    void refuseWriters() throws Refusal {
        for (var key : afterFreeze.orElse(Set.of())) {
            if (source.exists(key.bytes())) {
                throw new Refusal("The source Redis is still written to: " + key + " changed after writing was to have ended. Find the process that"
                        + " still runs on the source (CLIENT LIST shows its address), stop it, and start the cutover again.");
            }
        }
    }

    void removeCanary() {
        source.unlink(ReplicatedKeys.CANARY.bytes());
    }

    @Override
    public void close() {
        tracker.close();
    }
}
