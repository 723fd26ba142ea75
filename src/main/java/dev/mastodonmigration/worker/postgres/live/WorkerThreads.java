package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Retry;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** This worker's threads: some that take work from the queue, one that says for all of them that they are still there, and one that lets the app pass them. */
final class WorkerThreads implements AutoCloseable {
    private static final long IDLE_MILLISECONDS = 100;
    private static final Duration MEASURE = Duration.ofSeconds(2);
    private static final Duration UNTIL_CONNECTIONS_ARE_FREE = Duration.ofSeconds(5);
    private static final int HEARTBEATS_PER_CLAIM = 5;
    /** Threads that are there before there is work. */
    private static final int WITHOUT_WORK = 2;
    private static final Duration BETWEEN_WATCHES = Duration.ofMillis(500);
    private static final Duration BETWEEN_READINGS = Duration.ofMillis(200);
    private static final Duration FRESH = Duration.ofSeconds(2);

    private final Direction direction;
    private final WorkerContext context;
    private final WorkQueue queue;
    private final PostgresErrors errors;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final AtomicLong leader = new AtomicLong();
    private final AtomicLong lastSuccess = new AtomicLong(System.nanoTime());
    private final StatusMessage status;
    private final ConnectionLimiter connections = new ConnectionLimiter();
    private final LockWaiters lockWaiters = new LockWaiters();
    private volatile boolean stopped;

    WorkerThreads(Direction direction, WorkerContext context, WorkQueue queue, PostgresErrors errors) {
        this.direction = direction;
        status = new StatusMessage(errors);
        this.context = context;
        this.queue = queue;
        this.errors = errors;
    }

    /** Only once the worker has a session of its own: one that begins a copy ends all that are older than that. */
    private void watch() {
        if (threads.isEmpty()) {
            begin("heartbeat", this::heartbeat);
            begin("lock-waiters", this::letLockWaitersPass);
        }
    }

    /** From when there is a plan; once. */
    void start() {
        watch();
        if (threads.size() == WITHOUT_WORK) {
            for (var i = 0; i < context.parallelism(); i++) {
                begin("worker-" + i, this::work);
            }
        }
    }

    private void begin(String name, Retry.Action session) {
        threads.add(Thread.ofPlatform().daemon().name("postgres-" + name).start(() -> runUntilStopped(session)));
    }

    void keepLeading(long backend) {
        leader.set(backend);
        watch();
    }

    /** Throws what no thread can get over. */
    void requireNoFailure() throws Refusal {
        switch (failure.get()) {
            case null -> {
                return;
            }
            case Refusal refusal -> throw refusal;
            case RuntimeException broken -> throw broken;
            case Exception other -> throw new IllegalStateException(other);
        }
    }

    /** Something went well, of the worker threads' work or the leader's. */
    void succeeded() {
        lastSuccess.set(System.nanoTime());
    }

    /** When something last went well, by {@link System#nanoTime}. */
    long lastSuccess() {
        return lastSuccess.get();
    }

    private void runUntilStopped(Retry.Action session) {
        var retry = new Retry(context.drain(), errors, status::retrying, this::lastSuccess, Optional.empty());
        try {
            while (!stopped) {
                retry.run(() -> {
                    if (!stopped) {
                        session.run();
                    }
                });
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            failure.compareAndSet(null, e);
        } catch (Error e) {
            // Whoever waits for this thread would wait for ever.
            failure.compareAndSet(null, new IllegalStateException("a session ended by " + e, e));
            throw e;
        }
    }

    private void work() throws SQLException, IOException, Refusal, InterruptedException {
        var entered = connections.tryAcquire(() -> LiveSessions.forWorkerThread(direction, context));
        if (entered.isPresent()) {
            try (var sessions = entered.get()) {
                workWhileThereAreConnections(sessions);
            } finally {
                connections.release();
            }
        }
        if (!stopped) {
            status.waitingFor("the app needs the " + direction.read() + "'s connections; what it leaves is used again as soon as it can be");
            Thread.sleep(UNTIL_CONNECTIONS_ARE_FREE);
        }
    }

    private void workWhileThereAreConnections(LiveSessions sessions) throws SQLException, IOException, Refusal, InterruptedException {
        var looking = new Ticker(MEASURE);
        var worker = new QueueWorker(queue, Trees.read(sessions.source()));
        while (!stopped) {
            if (looking.isDue()) {
                lockWaiters.letPass(sessions.source());
                Capture.prolong(sessions.source(), Capture.LEASE);
                WorkQueue.endOverdue(sessions.target());
                if (connections.measure(sessions.source()).isExceeded()) {
                    return;
                }
            }
            sessions.requireCurrent(context);
            if (worker.work(sessions)) {
                succeeded();
                status.clear();
            } else {
                Thread.sleep(IDLE_MILLISECONDS);
            }
        }
    }

    /** What connections of the source are left for worker threads. */
    ConnectionLimiter connections() {
        return connections;
    }

    /** Whom to let pass, to be asked by whoever has a session to the source. */
    LockWaiters lockWaiters() {
        return lockWaiters;
    }

    /** What the worker threads cannot get over by themselves, if anything. */
    StatusMessage status() {
        return status;
    }

    /** While all others are busy; a lasting session would be one of the few that a small plan has. */
    private void letLockWaitersPass() throws SQLException, IOException, Refusal, InterruptedException {
        while (!stopped) {
            if (lockWaiters.isUnseen() && (connections.isInUse() || leader.get() != 0)) {
                try (var source = LiveSessions.source(direction, context)) {
                    lockWaiters.letPass(source);
                }
            }
            Thread.sleep(BETWEEN_WATCHES);
        }
    }

    /** Apart from all work, so that it is heard while a round or an index takes long. */
    private void heartbeat() throws SQLException, IOException, Refusal, InterruptedException {
        var isPrepared = false;
        var renewing = new Ticker(queue.valid().dividedBy(HEARTBEATS_PER_CLAIM));
        try (Connection target = LiveSessions.target(direction, context)) {
            while (!stopped) {
                // Else the progress told would be that of a target that lives on beside its successor.
                requireCurrent(target);
                if (renewing.isDue()) {
                    if (leader.get() != 0) {
                        Leadership.renew(target, (int) leader.get(), queue.valid());
                    }
                    queue.renew(target);
                }
                if (Ledger.isPlanned(target)) {
                    var reading = LiveProgress.read(target);
                    context.progress().set(status.shownIn(reading), FRESH);
                    if (reading.inSync() && !isPrepared) {
                        WorkerReport.prepare();
                        isPrepared = true;
                    }
                }
                Thread.sleep(BETWEEN_READINGS);
            }
        }
    }

    /** What was told of one that is left is not told any longer. */
    private void requireCurrent(Connection target) throws SQLException, IOException, Refusal {
        try {
            LiveSessions.requireCurrent(target, direction, context);
        } catch (SQLException | IOException | Refusal e) {
            context.progress().update(now -> now.withLag(now.lagChanges(), now.lagSeconds(), false));
            throw e;
        }
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        threads.forEach(Thread::interrupt);
        for (var thread : threads) {
            thread.join(1000);
        }
    }
}
