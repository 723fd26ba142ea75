package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Progress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/** What keeps a worker's threads from their work, shown as its stage until an item of work succeeds again: nobody reads a pod's log while it runs. */
final class StatusMessage {
    private static final Duration SHOWN = Duration.ofSeconds(30);
    private static final String NONE = "";

    private record Shown(String words, long at) {}

    private final PostgresErrors errors;
    private final AtomicReference<Shown> last = new AtomicReference<>(new Shown(NONE, 0));

    StatusMessage(PostgresErrors errors) {
        this.errors = errors;
    }

    void retrying(Exception e) {
        last.set(new Shown(errors.words(e), System.nanoTime()));
    }

    void waitingFor(String words) {
        last.set(new Shown("waiting: " + words, System.nanoTime()));
    }

    void clear() {
        last.set(new Shown(NONE, 0));
    }

    /** The reading, or with this for its stage. */
    Progress.Reading shownIn(Progress.Reading reading) {
        var shown = last.get();
        var isOver = shown.words().isEmpty() || reading.inSync() || System.nanoTime() - shown.at() > SHOWN.toNanos();
        return isOver ? reading : in(reading, shown.words());
    }

    /** Whoever is kept from work does not know any more whether it is in sync. */
    static Progress.Reading in(Progress.Reading reading, String words) {
        return reading.withLag(reading.lagChanges(), reading.lagSeconds(), false).withStage(words);
    }
}
