package dev.mastodonmigration.worker.control;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/** How far this worker is: set by the task from any thread, read by {@code GET /progress}. */
public final class Progress {
    /**
     * One reading.
     *
     * @param stage          what is being done now, in the field's words: "dumping", "restoring", "verifying"; of live replication:
     *                       "copying", "proving", "applying", "in sync", "draining", "drained"
     * @param bytesDone      bytes copied
     * @param bytesTotal     bytes to copy, as estimated
     * @param itemsDone      tables (Postgres) or keys (Redis) done
     * @param itemsTotal     tables or keys in all, as estimated
     * @param bytesPerSecond average rate since the stage began
     * @param etaSeconds     estimated seconds left; negative when not known
     * @param lagChanges     changes captured on the source and not yet applied on the target
     * @param lagSeconds     age of the oldest reading of the source that the target has reached; 0 where nothing is replicated live
     * @param inSync         everything is copied and the lag is under a second
     * @param rows           rows copied; 0 where rows are not counted
     * @param redis          of the replication of Redis: the servers and databases of the source that it follows; empty otherwise, and while it does not follow
     */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Reading(String stage, long bytesDone, long bytesTotal, long itemsDone, long itemsTotal, long bytesPerSecond, long etaSeconds,
            long lagChanges, long lagSeconds, boolean inSync, long rows, String redis) {
        public static final Reading NONE = new Reading("starting", 0, 0, 0, 0, 0, -1);
        /** Of a worker that has all it needs and waits to be asked. */
        public static final Reading STANDING_BY = new Reading("standing by", 0, 0, 0, 0, 0, -1);

        /** Workers of an operator before this one may still run, and say less, or more. */
        public Reading {
            redis = redis == null ? "" : redis;
        }

        /** Of a task that ends by itself: it has no lag. */
        public Reading(String stage, long bytesDone, long bytesTotal, long itemsDone, long itemsTotal, long bytesPerSecond, long etaSeconds) {
            this(stage, bytesDone, bytesTotal, itemsDone, itemsTotal, bytesPerSecond, etaSeconds, 0, 0, false, 0, "");
        }

        /** How much of the stage is done, in percent: by bytes while there are some to copy, then by tables or keys; empty where neither is left. */
        public OptionalInt percent() {
            return bytesDone < bytesTotal ? part(bytesDone, bytesTotal) : itemsDone < itemsTotal ? part(itemsDone, itemsTotal) : OptionalInt.empty();
        }

        private static OptionalInt part(long done, long total) {
            return OptionalInt.of((int) (100 * done / total));
        }

        public Reading withLag(long changes, long seconds, boolean isInSync) {
            return new Reading(stage, bytesDone, bytesTotal, itemsDone, itemsTotal, bytesPerSecond, etaSeconds, changes, seconds, isInSync, rows, redis);
        }

        public Reading ofRedis(String followed) {
            return new Reading(stage, bytesDone, bytesTotal, itemsDone, itemsTotal, bytesPerSecond, etaSeconds, lagChanges, lagSeconds, inSync, rows, followed);
        }

        public Reading withStage(String words) {
            return new Reading(words, bytesDone, bytesTotal, itemsDone, itemsTotal, bytesPerSecond, etaSeconds, lagChanges, lagSeconds, inSync, rows, redis);
        }
    }

    /** @param freshUntil of this JVM's clock in nanoseconds; nothing for a reading that holds until the next */
    private record Held(Reading reading, Optional<Long> freshUntil) {}

    private final AtomicReference<Held> now = new AtomicReference<>(new Held(Reading.NONE, Optional.empty()));

    /** The last reading; one that is no longer fresh does not say "in sync" any more. */
    public Reading read() {
        var held = now.get();
        var stale = held.freshUntil().filter(until -> System.nanoTime() - until > 0).isPresent();
        return stale ? held.reading().withLag(held.reading().lagChanges(), held.reading().lagSeconds(), false) : held.reading();
    }

    public void set(Reading reading) {
        now.set(new Held(reading, Optional.empty()));
    }

    /** A reading that is true for a moment only: who says "in sync" and is then cut off must not be believed for long. */
    public void set(Reading reading, Duration fresh) {
        now.set(new Held(reading, Optional.of(System.nanoTime() + fresh.toNanos())));
    }

    public void update(UnaryOperator<Reading> change) {
        now.updateAndGet(held -> new Held(change.apply(held.reading()), held.freshUntil()));
    }
}
