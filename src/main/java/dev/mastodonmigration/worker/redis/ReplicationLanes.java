package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/** All lanes of one session, each in a thread of its own, and which key belongs to which. The first failure ends all. */
final class ReplicationLanes implements AutoCloseable {
    /** What a server says while it is being replaced, or is not yet ready (redis/src/server.c, shared.loadingerr and others). */
    private static final List<String> PASSING = List.of("LOADING", "READONLY", "MASTERDOWN", "TRYAGAIN", "UNBLOCKED", "NOREPLICAS", "OOM");

    /** Each keeps both servers busy; more only take turns on their single threads. */
    private static final int MOST_LANES = 3;
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final List<ReplicationLane> lanes = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final SourceConflicts conflicts = new SourceConflicts();
    private volatile boolean closed;
    private volatile Pace pace = Pace.FULL;

    static ReplicationLanes open(WorkerContext context, Marker marker, RedisSources sources, ReplicatedKeys keys, ReplicationLane.Copied copied) throws Refusal, IOException {
        var all = new ReplicationLanes();
        try {
            for (int i = 0; i < Math.clamp(context.parallelism(), 1, MOST_LANES); i++) {
                all.lanes.add(ReplicationLane.open(context, marker, sources, keys, all.conflicts, copied, all::pace));
            }
        } catch (Refusal | IOException | RuntimeException e) {
            all.close();
            throw e;
        }
        for (var lane : all.lanes) {
            all.threads.add(Thread.ofPlatform().daemon().name("redis-lane-" + all.threads.size()).start(() -> all.run(lane)));
        }
        return all;
    }

    private void run(ReplicationLane lane) {
        try {
            while (!closed) {
                lane.step();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Refusal | IOException | RuntimeException e) {
            fail(e);
        } catch (Error e) {
            // Whoever waits for this lane would wait for ever.
            fail(new IllegalStateException("a lane ended by " + e, e));
            throw e;
        }
    }

    /** From now on the lanes rest after their work as this says. */
    void at(Pace now) {
        pace = now;
    }

    Pace pace() {
        return pace;
    }

    void fail(Exception e) {
        failure.compareAndSet(null, e);
    }

    boolean areIntact() {
        return failure.get() == null;
    }

    /**
     * Throws what ended the lanes, if anything did.
     *
     * @throws Gap     when it is worth another session
     * @throws Refusal when it is not
     */
    void check() throws Gap, Refusal {
        var found = failure.get();
        if (found != null) {
            throw gap(found);
        }
    }

    /** What may pass, as a gap; everything else is thrown as it is. */
    static Gap gap(Exception e) throws Refusal {
        return switch (e) {
            case Refusal refusal -> throw refusal;
            case Gap gap -> gap;
            case IOException lost -> new Gap("a connection failed (" + lost.getMessage() + ")", lost);
            case JedisConnectionException lost -> new Gap("a connection broke (" + lost.getMessage() + ")", lost);
            case JedisDataException said when mayPass(said) -> new Gap("a server was not ready (" + said.getMessage() + ")", said);
            case RuntimeException other -> throw other;
            default -> throw new IllegalStateException(e);
        };
    }

    /** Said of the state that a server is in, not of what it can do. */
    static boolean mayPass(JedisDataException said) {
        return PASSING.stream().anyMatch(String.valueOf(said.getMessage())::startsWith);
    }

    private ReplicationLane of(RedisKey key) {
        var hash = key.hashCode();
        return lanes.get(Math.floorMod(hash ^ hash >>> 16, lanes.size()));
    }

    private Map<ReplicationLane, List<RedisKey>> shares(Collection<RedisKey> keys) {
        var shares = new IdentityHashMap<ReplicationLane, List<RedisKey>>();
        keys.forEach(key -> shares.computeIfAbsent(of(key), lane -> new ArrayList<>()).add(key));
        return shares;
    }

    void changed(Collection<RedisKey> keys) {
        shares(keys).forEach((lane, share) -> lane.work().changed(share));
    }

    void prove(Collection<RedisKey> keys) {
        shares(keys).forEach((lane, share) -> lane.work().prove(share));
    }

    /** Hands what a step of a scan found to the lanes of its keys, and waits while those are behind. */
    void scanned(List<RedisKey> keys, Function<List<RedisKey>, LaneTask> task, Heartbeat whileBehind) throws InterruptedException, Gap, Refusal {
        for (var share : shares(keys).entrySet()) {
            while (!share.getKey().work().scanned(task.apply(share.getValue()))) {
                whileBehind.beat();
            }
        }
    }

    LaneWork.Backlog backlog() {
        return lanes.stream().map(lane -> lane.work().backlog()).reduce(LaneWork.Backlog.NONE, LaneWork.Backlog::and);
    }

    /** @throws Refusal when the source's two Redis can not become one */
    void demandNoConflict() throws Refusal {
        conflicts.demandNone();
    }

    /** A moment, short against the time that a lane takes for anything. */
    void awaitMoment() throws InterruptedException {
        TimeUnit.MICROSECONDS.sleep(500);
    }

    void hurry() {
        lanes.forEach(lane -> lane.work().hurry());
    }

    void proveForGood(Difference.Found found) {
        lanes.forEach(lane -> lane.proveForGood(found));
    }

    /** Returns when no lane can write any more. */
    @Override
    public void close() {
        closed = true;
        threads.forEach(Thread::interrupt);
        for (int i = 0; i < threads.size(); i++) {
            join(threads.get(i), lanes.get(i));
        }
        lanes.forEach(ReplicationLane::close);
    }

    /** Disconnects only a lane that hangs, and again until it ends: Jedis connects anew by itself, and would then wait for answers that never come. */
    private static void join(Thread thread, ReplicationLane lane) {
        var interrupted = false;
        while (thread.isAlive()) {
            try {
                if (!thread.join(PATIENCE)) {
                    lane.disconnect();
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
