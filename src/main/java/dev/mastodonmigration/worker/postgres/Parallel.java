package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Work on several sessions at once; the first failure is the caller's, as itself. */
final class Parallel implements AutoCloseable {
    private final ExecutorService threads;
    private final List<Future<?>> submitted = new ArrayList<>();

    Parallel(int width) {
        threads = Executors.newFixedThreadPool(width, Thread.ofPlatform().daemon().name("postgres-", 0).factory());
    }

    <T> Future<T> submit(Callable<T> work) {
        var future = threads.submit(work);
        submitted.add(future);
        return future;
    }

    /** Waits for all that was submitted. */
    void results() throws SQLException, IOException, Refusal, InterruptedException {
        for (var future : submitted) {
            result(future);
        }
    }

    static <T> T result(Future<T> future) throws SQLException, IOException, Refusal, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case SQLException cause -> throw cause;
                case IOException cause -> throw cause;
                case Refusal cause -> throw cause;
                default -> throw new IllegalStateException(e.getCause());
            }
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
