package dev.mastodonmigration.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import redis.clients.jedis.Jedis;

/** One Puma: serves requests on a few threads' worth of connections until SIGTERM, and finishes those that it has begun. */
final class WebProcess implements AutoCloseable {
    private static final int THREADS = 4;

    /** What a request does with the instance's data: commits Postgres itself, then enqueues. Returning normally is the acknowledgement. */
    @FunctionalInterface
    interface Request {
        void run(Connection postgres, Jedis redis, Jedis sidekiqRedis) throws SQLException;
    }

    /** Nobody serves: maintenance, no dyno, or a process that stops. What the router answers with 503. */
    static final class Unavailable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unavailable(String message) {
            super(message);
        }
    }

    private record Thread(Connection postgres, Jedis redis, Jedis sidekiqRedis) implements AutoCloseable {
        @Override
        public void close() throws SQLException {
            postgres.close();
            redis.close();
            sidekiqRedis.close();
        }
    }

    private final SiteEnvironment environment;
    private final BlockingQueue<Optional<Thread>> threads = new LinkedBlockingQueue<>();
    private final ReentrantReadWriteLock running = new ReentrantReadWriteLock(true);
    private volatile boolean stopped;

    WebProcess(SiteEnvironment environment) {
        this.environment = environment;
        for (var i = 0; i < THREADS; i++) {
            threads.add(Optional.empty());
        }
    }

    /** Serves one request, with connections that are outside any transaction at its start. */
    void serve(Request request) throws SQLException, InterruptedException {
        if (stopped || !running.readLock().tryLock()) {
            throw new Unavailable("the web process stops");
        }
        try {
            if (stopped) {
                throw new Unavailable("the web process has stopped");
            }
            serveOnThread(request);
        } finally {
            running.readLock().unlock();
        }
    }

    private void serveOnThread(Request request) throws SQLException, InterruptedException {
        var idle = threads.poll(5, TimeUnit.SECONDS);
        if (idle == null) {
            throw new Unavailable("every thread of the web process is busy");
        }
        var kept = Optional.<Thread>empty();
        try {
            var thread = idle.isPresent() ? idle.get() : connect();
            kept = Optional.of(thread);
            try {
                request.run(thread.postgres(), thread.redis(), thread.sidekiqRedis());
            } catch (SQLException | RuntimeException e) {
                kept = afterFailure(thread);
                throw e;
            }
        } finally {
            threads.add(kept);
        }
    }

    /** Keeps the connections of a request that was refused; gives up those that are broken. */
    private static Optional<Thread> afterFailure(Thread thread) throws SQLException {
        if (thread.postgres().isValid(1) && !thread.redis().isBroken() && !thread.sidekiqRedis().isBroken()) {
            thread.postgres().rollback();
            return Optional.of(thread);
        }
        thread.close();
        return Optional.empty();
    }

    private Thread connect() throws SQLException {
        var postgres = environment.connect("puma");
        postgres.setAutoCommit(false);
        return new Thread(postgres, environment.connectRedis(), environment.connectSidekiqRedis());
    }

    /** What its {@code /health} says, which asks no database. */
    boolean isRunning() {
        return !stopped;
    }

    /** SIGTERM: takes no more, finishes what runs, closes every connection. */
    @Override
    public void close() {
        stopped = true;
        running.writeLock().lock();
        try {
            for (var thread : threads) {
                if (thread.isPresent()) {
                    thread.get().close();
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException("cannot close a connection", e);
        } finally {
            running.writeLock().unlock();
        }
    }
}
