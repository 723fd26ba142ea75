package dev.mastodonmigration.embedded.aws;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The statuses that a replication group goes through, one for each look at it, so that a test waits for looks and not for time. The last one stays.
 *
 * @param created  after a create
 * @param modified after a change
 * @param deleted  after a delete, then it is gone
 */
public record CacheStatuses(List<String> created, List<String> modified, List<String> deleted) {
    private static final String AVAILABLE = "available";

    /** As in life: "available" is shown before it is true, once after a create and once after each change is asked for. */
    public static CacheStatuses flickering(int looks) {
        return new CacheStatuses(path(times(looks, "creating"), List.of(AVAILABLE, "snapshotting", "modifying", AVAILABLE)), path(List.of(AVAILABLE), times(looks, "modifying"), List.of(AVAILABLE)),
                times(looks, "deleting"));
    }

    /** Each change takes one look. */
    public static CacheStatuses prompt() {
        return new CacheStatuses(List.of(AVAILABLE), List.of(AVAILABLE), List.of("deleting"));
    }

    private static List<String> times(int looks, String status) {
        return Collections.nCopies(looks, status);
    }

    @SafeVarargs
    private static List<String> path(List<String>... parts) {
        var all = new ArrayList<String>();
        for (var part : parts) {
            all.addAll(part);
        }
        return List.copyOf(all);
    }
}
