package dev.mastodonmigration.target.aws;

import java.util.Map;
import java.util.Set;

/**
 * What a DBInstanceStatus means for us. RDS's model has no enumeration of them: these are those of its own source (aws-controllers-k8s/rds-controller,
 * db_instance/hooks.go), and more may come, so an unknown word means that we wait and say which it is.
 */
enum RdsStatus {
    /** Serves, and can be changed. */
    READY,
    /** Changes by itself: it may serve or not, and refuses changes until then. */
    BUSY,
    /** Waits for the admin, and is whole. */
    REPAIRABLE,
    /** Does not come back. */
    DEAD,
    /** Is being deleted. */
    GOING,
    UNKNOWN;

    /** Its storage only cannot be changed under storage-optimization, which may last longer than a day. */
    private static final Set<String> READY_WORDS = Set.of("available", "storage-optimization");
    private static final Set<String> BUSY_WORDS = Set.of("backing-up", "modifying", "maintenance", "renaming", "resetting-master-credentials", "configuring-enhanced-monitoring",
            "configuring-iam-database-auth", "configuring-log-exports", "configuring-associated-roles", "configuring-activity-stream", "creating", "rebooting", "starting", "stopping", "upgrading",
            "validating-configuration", "moving-to-vpc", "converting-to-vpc");
    private static final Map<String, String> REPAIRS = Map.of(
            "stopped", "Somebody stopped it. Start it with `aws rds start-db-instance`.",
            "storage-full", "Its storage is full. Give it more with `aws rds modify-db-instance --allocated-storage … --apply-immediately`; at least 10 % more.",
            "incompatible-parameters", "Its parameter group has a value that it cannot start with. Take the last change of the group back with `aws rds reset-db-parameter-group`, then reboot it.",
            "incompatible-option-group", "It cannot use its option group. Give it another with `aws rds modify-db-instance --option-group-name … --apply-immediately`.",
            "inaccessible-encryption-credentials-recoverable", "The KMS key of its storage is disabled. Enable the key, then start it with `aws rds start-db-instance`; RDS gives up after 7 days.");
    private static final Set<String> DEAD_WORDS = Set.of("failed", "incompatible-restore", "incompatible-network", "incompatible-credentials", "restore-error", "insufficient-capacity",
            "inaccessible-encryption-credentials", "unsupported-configuration", "automation-paused");
    private static final Set<String> GOING_WORDS = Set.of("delete-precheck", "deleting", "deleted");

    static RdsStatus of(String word) {
        if (READY_WORDS.contains(word)) {
            return READY;
        }
        if (BUSY_WORDS.contains(word)) {
            return BUSY;
        }
        if (REPAIRS.containsKey(word)) {
            return REPAIRABLE;
        }
        if (DEAD_WORDS.contains(word)) {
            return DEAD;
        }
        return GOING_WORDS.contains(word) ? GOING : UNKNOWN;
    }

    /** How the admin gets an instance of this status out of it. */
    static String wayOut(String word, String name) {
        return REPAIRS.getOrDefault(word, "It does not come back from that. Nothing was lost: delete it with `aws rds delete-db-instance --skip-final-snapshot --db-instance-identifier " + name
                + "` (deletion protection off first), and the operator creates another; or abort the migration.");
    }
}
