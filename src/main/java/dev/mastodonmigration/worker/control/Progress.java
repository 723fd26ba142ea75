package dev.mastodonmigration.worker.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/** How far this worker is: set by the task from any thread, read by {@code GET /progress}. */
public final class Progress {
    /**
     * One reading.
     *
     * @param stage          what is being done now, in the field's words: "dumping", "restoring", "verifying"
     * @param bytesDone      bytes copied
     * @param bytesTotal     bytes to copy, as estimated
     * @param itemsDone      tables (Postgres) or keys (Redis) done
     * @param itemsTotal     tables or keys in all, as estimated
     * @param bytesPerSecond average rate since the stage began
     * @param etaSeconds     estimated seconds left; negative when not known
     */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Reading(String stage, long bytesDone, long bytesTotal, long itemsDone, long itemsTotal, long bytesPerSecond, long etaSeconds) {
        public static final Reading NONE = new Reading("starting", 0, 0, 0, 0, 0, -1);
    }

    private final AtomicReference<Reading> now = new AtomicReference<>(Reading.NONE);

    public Reading read() {
        return now.get();
    }

    public void set(Reading reading) {
        now.set(reading);
    }

    public void update(UnaryOperator<Reading> change) {
        now.updateAndGet(change);
    }
}
