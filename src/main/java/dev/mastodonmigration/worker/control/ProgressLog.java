package dev.mastodonmigration.worker.control;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Tells a pod's log, now and then, how far the task is: for whoever reads {@code kubectl logs} and has no operator to ask. */
final class ProgressLog implements AutoCloseable {
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(30);
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("progress-log").factory());

    private ProgressLog() {}

    static ProgressLog of(String task, Progress progress) {
        return every(BETWEEN_LINES, () -> System.out.println("INFO " + line(task, progress.read())));
    }

    static ProgressLog every(Duration pause, Runnable tell) {
        var log = new ProgressLog();
        log.clock.scheduleAtFixedRate(tell, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
        return log;
    }

    /** Such as "replicate-postgres: copying, 43 %", "replicate-redis: in sync, 12 changes behind (1 s)". */
    static String line(String task, Progress.Reading reading) {
        var line = new StringBuilder(task).append(": ").append(reading.stage());
        reading.percent().ifPresent(percent -> line.append(", ").append(percent).append(" %"));
        if (reading.lagChanges() > 0 || reading.lagSeconds() > 0) {
            line.append(", ").append(reading.lagChanges()).append(" changes behind (").append(reading.lagSeconds()).append(" s)");
        }
        return line.toString();
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
