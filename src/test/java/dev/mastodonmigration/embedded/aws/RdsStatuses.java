package dev.mastodonmigration.embedded.aws;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * The statuses that an instance goes through, one for each look at it, so that a test waits for looks and not for time. The last one stays.
 *
 * @param created  after a create
 * @param modified after a change of class, Multi-AZ or version
 * @param grown    after a change of storage
 * @param backedUp after backups were switched on or off
 * @param password after a new master password
 * @param rebooted after a reboot
 * @param deleted  after a delete, then it is gone
 */
public record RdsStatuses(List<String> created, List<String> modified, List<String> grown, List<String> backedUp, List<String> password, List<String> rebooted, List<String> deleted) {
    private static final String AVAILABLE = "available";

    /** As in life: "available" is shown before it is true, once after a create and once after each change is asked for. */
    public static RdsStatuses flickering(int looks) {
        return new RdsStatuses(
                path(times(looks, "creating"), List.of(AVAILABLE, "backing-up", "modifying", AVAILABLE)),
                path(List.of(AVAILABLE), times(looks, "modifying"), List.of(AVAILABLE)),
                path(List.of(AVAILABLE), times(looks, "modifying"), List.of("storage-optimization", "storage-optimization", AVAILABLE)),
                path(List.of(AVAILABLE), times(looks, "modifying"), List.of("backing-up", AVAILABLE)),
                List.of(AVAILABLE, "resetting-master-credentials", AVAILABLE),
                path(times(looks, "rebooting"), List.of(AVAILABLE)),
                times(looks, "deleting"));
    }

    /** Each change takes one look. */
    public static RdsStatuses prompt() {
        var done = List.of(AVAILABLE);
        return new RdsStatuses(done, done, done, done, done, done, List.of("deleting"));
    }

    /** What follows a change of these. */
    List<String> after(Set<String> changes) {
        if (changes.contains("BackupRetentionPeriod")) {
            return backedUp;
        }
        if (changes.contains("AllocatedStorage")) {
            return grown;
        }
        return changes.equals(Set.of(RdsInstance.PASSWORD)) ? password : modified;
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
