package dev.mastodonmigration.embedded;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Knows every Sidekiq that runs, and remembers each that began while one of the other side still lived: two schedulers would then own the same jobs. */
final class SchedulerWatch {
    /** One Sidekiq, from before it fetches anything until its process is over; a quiet one lives too. */
    record Running(World.Side side, String name, Instant since) {}

    private final List<Running> running = new ArrayList<>();
    private final List<String> overlaps = new ArrayList<>();

    /** To be called before the Sidekiq fetches anything. */
    synchronized Running begins(World.Side side, String name) {
        var begun = new Running(side, name, Instant.now());
        running.stream().filter(other -> other.side() != side)
                .forEach(other -> overlaps.add(begun.since() + ": " + name + " started while " + other.name() + " still ran"));
        running.add(begun);
        return begun;
    }

    /** To be called when nothing of the Sidekiq is left. */
    synchronized void ended(Running over) {
        running.remove(over);
    }

    /** One line for each pair that lived at a time; empty when there was none. */
    synchronized List<String> overlaps() {
        return List.copyOf(overlaps);
    }
}
