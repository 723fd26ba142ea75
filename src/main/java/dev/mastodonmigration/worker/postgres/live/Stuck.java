package dev.mastodonmigration.worker.postgres.live;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Trees that cannot be followed at the moment, because the target has a row whose unique value the source has given to another, as after a gap. Each try would
 * write and roll back all that is pending, so it rests between two.
 */
final class Stuck {
    private record Try(long ended, boolean wasProved) {}

    private final Map<Integer, Try> last = new HashMap<>();

    boolean isResting(Tree tree, Duration rest) {
        return last.containsKey(tree.id()) && System.nanoTime() - last.get(tree.id()).ended() < rest.toNanos();
    }

    /** Whether all of it was proved when it failed last: what stood in the way is in the log since then at the latest, for the next reading to find. */
    boolean wasProved(Tree tree) {
        return last.containsKey(tree.id()) && last.get(tree.id()).wasProved();
    }

    void failed(Tree tree, boolean isProved) {
        last.put(tree.id(), new Try(System.nanoTime(), isProved));
    }

    void isOver(Tree tree) {
        last.remove(tree.id());
    }
}
