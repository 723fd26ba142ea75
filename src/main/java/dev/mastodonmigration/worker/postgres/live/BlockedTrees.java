package dev.mastodonmigration.worker.postgres.live;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Trees that cannot be followed at the moment, because the target has a row whose unique value the source has given to another, as after a gap. Each try would
 * write and roll back all that is pending, so it backs off between two.
 */
final class BlockedTrees {
    private record Try(long ended, String position, boolean wasProved) {}

    private final Map<Integer, Try> last = new HashMap<>();

    boolean isBackingOff(Tree tree, Duration pause) {
        return last.containsKey(tree.id()) && System.nanoTime() - last.get(tree.id()).ended() < pause.toNanos();
    }

    /**
     * Whether all of it was proved when it failed last, from the same position: what stood in the way is in the log since then at the latest, for the
     * next reading to find. After a gap the position is another.
     */
    boolean wasProved(Tree tree, String position) {
        return last.containsKey(tree.id()) && last.get(tree.id()).wasProved() && last.get(tree.id()).position().equals(position);
    }

    void failed(Tree tree, String position, boolean isProved) {
        last.put(tree.id(), new Try(System.nanoTime(), position, isProved));
    }

    void succeeded(Tree tree) {
        last.remove(tree.id());
    }
}
