package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Turns what pg_dump and pg_restore say, and what the server says about copies in flight, into progress. */
final class CopyMeter implements AutoCloseable {
    private static final Pattern FINISHED = Pattern.compile("finished item \\d+ TABLE DATA (.*)");
    private static final long INTERVAL_MILLISECONDS = 500;
    private final String stage;
    private final Progress progress;
    private final Map<String, Long> pending = new HashMap<>();
    private final long total;
    private final long tables;
    private final long begun = System.nanoTime();
    private final Connection watched;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("copy-meter").factory());

    /** @param sizes bytes by table name without schema, as the programs name them */
    CopyMeter(String stage, Progress progress, Map<String, Long> sizes, Database database) throws Refusal, IOException, SQLException {
        this.stage = stage;
        this.progress = progress;
        pending.putAll(sizes);
        total = sizes.values().stream().mapToLong(Long::longValue).sum();
        tables = sizes.size();
        watched = database.open();
        clock.scheduleWithFixedDelay(this::read, 0, INTERVAL_MILLISECONDS, TimeUnit.MILLISECONDS);
    }

    void hear(String line) {
        var matcher = FINISHED.matcher(line);
        if (matcher.find()) {
            synchronized (pending) {
                pending.remove(matcher.group(1).strip());
            }
        }
    }

    private void read() {
        try {
            publish(Query.number(watched, "SELECT coalesce(sum(bytes_processed), 0) FROM pg_stat_progress_copy WHERE datname = current_database()"));
        } catch (SQLException e) {
            System.err.println("progress is no longer read: " + Redaction.of(e));
            clock.shutdown();
        }
    }

    private void publish(long inFlight) {
        long left;
        int waiting;
        synchronized (pending) {
            left = pending.values().stream().mapToLong(Long::longValue).sum();
            waiting = pending.size();
        }
        // Text in flight is larger or smaller than the table on disk: never more than what is not finished.
        var done = total - left + Math.min(inFlight, left);
        var seconds = Math.max(0.001, (System.nanoTime() - begun) / 1e9);
        var rate = (long) (done / seconds);
        progress.set(new Progress.Reading(stage, done, total, tables - waiting, tables, rate, rate == 0 ? -1 : (total - done) / rate));
    }

    @Override
    public void close() throws SQLException {
        clock.shutdownNow();
        publish(0);
        watched.close();
    }
}
