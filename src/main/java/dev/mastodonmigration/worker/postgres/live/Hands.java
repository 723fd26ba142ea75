package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** This worker's threads: some that take work from the queue, and one that says for all of them that they are still there. */
final class Hands implements AutoCloseable {
    private static final long IDLE_MILLISECONDS = 100;
    private static final long BACKOFF_MILLISECONDS = 300;
    private static final int BEATS_PER_CLAIM = 5;

    private final WorkerContext context;
    private final Claims claims;
    private final AtomicLong bytes;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Refusal> refusal = new AtomicReference<>();
    private final AtomicLong leader = new AtomicLong();
    private final AtomicLong lastWork = new AtomicLong(System.nanoTime());
    private volatile boolean stopped;

    Hands(WorkerContext context, Claims claims, AtomicLong bytes) {
        this.context = context;
        this.claims = claims;
        this.bytes = bytes;
        begin("beat", this::beat);
    }

    /** From when there is a plan; once. */
    void start() {
        if (threads.size() == 1) {
            for (var i = 0; i < context.parallelism(); i++) {
                begin("hand-" + i, this::work);
            }
        }
    }

    private void begin(String name, Session session) {
        threads.add(Thread.ofPlatform().daemon().name("postgres-" + name).start(() -> again(session)));
    }

    void beatFor(long backend) {
        leader.set(backend);
    }

    /** Throws what no hand can get over. */
    void requireSound() throws Refusal {
        if (refusal.get() != null) {
            throw refusal.get();
        }
    }

    boolean hasWorkedSince(long moment) {
        return lastWork.get() - moment > 0;
    }

    @FunctionalInterface
    private interface Session {
        void run() throws SQLException, IOException, Refusal, InterruptedException;
    }

    private void again(Session session) {
        while (!stopped) {
            try {
                session.run();
            } catch (SQLException | IOException e) {
                System.err.println("will try again: " + Redaction.of(e));
                pause();
            } catch (Refusal e) {
                refusal.compareAndSet(null, e);
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void pause() {
        try {
            Thread.sleep(BACKOFF_MILLISECONDS);
        } catch (InterruptedException e) {
            stopped = true;
            Thread.currentThread().interrupt();
        }
    }

    private void work() throws SQLException, IOException, Refusal, InterruptedException {
        try (var sessions = LiveSessions.open(context)) {
            var crew = new Crew(claims, Trees.read(sessions.source()), bytes);
            while (!stopped) {
                sessions.requireCurrent(context);
                if (crew.work(sessions)) {
                    lastWork.set(System.nanoTime());
                } else {
                    Thread.sleep(IDLE_MILLISECONDS);
                }
            }
        }
    }

    private void beat() throws SQLException, IOException, Refusal, InterruptedException {
        try (Connection target = LiveSessions.target(context)) {
            while (!stopped) {
                claims.renew(target);
                if (leader.get() != 0) {
                    Leadership.beat(target, (int) leader.get(), claims.valid());
                }
                Thread.sleep(claims.valid().toMillis() / BEATS_PER_CLAIM);
            }
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
