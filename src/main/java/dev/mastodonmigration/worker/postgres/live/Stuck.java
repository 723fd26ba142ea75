package dev.mastodonmigration.worker.postgres.live;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Trees that cannot be followed at the moment, because the target has a row whose unique value the source has given to another, as after a gap. Each try would
 * write and roll back all that is pending, so it rests between two.
 */
final class Stuck {
    private static final Duration REST = Duration.ofSeconds(5);

    private final Map<Integer, Long> until = new HashMap<>();

    boolean isResting(Tree tree) {
        return until.containsKey(tree.id()) && System.nanoTime() - until.get(tree.id()) < 0;
    }

    /** Answers whether it was stuck at its last try too. */
    boolean again(Tree tree) {
        return until.put(tree.id(), System.nanoTime() + REST.toNanos()) != null;
    }

    void isOver(Tree tree) {
        until.remove(tree.id());
    }
}
