package dev.mastodonmigration.worker.postgres;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** One end of a pipe, which has to be looked after while this thread has the other one. */
record Aside(FutureTask<Void> work) {
    @FunctionalInterface
    interface Work {
        void run() throws IOException;
    }

    static Aside begin(Work work) {
        var task = new FutureTask<Void>(() -> {
            work.run();
            return null;
        });
        Thread.ofVirtual().name("beside a program").start(task);
        return new Aside(task);
    }

    /** Waits for it. @throws IOException as it did */
    void end() throws IOException, InterruptedException {
        try {
            work.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failed) {
                throw failed;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
