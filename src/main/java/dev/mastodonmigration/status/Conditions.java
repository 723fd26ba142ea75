package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Instant;
import java.util.List;

/** Says in Kubernetes' terms how a migration stands, and only what was observed. */
public final class Conditions {
    public static final String READY = "Ready";
    public static final String RECONCILING = "Reconciling";
    public static final String STALLED = "Stalled";
    public static final String AWAITING_APPROVAL = "AwaitingApproval";
    public static final String IN_SYNC = "InSync";
    public static final String SOURCE_FROZEN = "SourceFrozen";
    public static final String DATA_VERIFIED = "DataVerified";
    public static final String TARGET_LIVE = "TargetLive";
    public static final String ROLLBACK_POSSIBLE = "RollbackPossible";

    private Conditions() {}

    static List<Condition> of(MastodonMigrationStatus status, Fact.Stands stands, Instant now, long generation) {
        var set = new ConditionSet(status.conditions, now, generation);
        var completed = MastodonMigrationStatus.COMPLETED.equals(status.phase);
        var standing = stands.standing();
        set.set(READY, completed, stands.reason(), stands.message());
        set.setOnlyIf(RECONCILING, standing != Standing.STALLED && standing != Standing.SUSPENDED && standing != Standing.ENDED, stands.reason(), stands.message());
        set.setOnlyIf(STALLED, standing == Standing.STALLED || standing == Standing.ENDED && !completed, stands.reason(), stands.message());
        var approval = standing == Standing.AWAITS_APPROVAL;
        set.set(AWAITING_APPROVAL, approval, approval ? status.phase : "NoGate", approval ? stands.message() : "No gate waits for you.");
        replication(status, set);
        source(status, set);
        verified(status, set);
        target(status, set);
        return set.toList();
    }

    private static void replication(MastodonMigrationStatus status, ConditionSet set) {
        if (status.internal.replicators.isEmpty() || status.source != null && status.source.stoppedAt != null) {
            set.remove(IN_SYNC);
            return;
        }
        var inSync = status.internal.inSyncSince != null;
        set.set(IN_SYNC, inSync, inSync ? "InSync" : "Behind", inSync ? "The target has everything that the source has, but for the last second."
                : "The target does not have everything yet that the source has.");
    }

    private static void source(MastodonMigrationStatus status, ConditionSet set) {
        if (status.internal.sourceReleasedAt != null && status.downtime != null && status.downtime.targetWritableAt != null) {
            set.set(SOURCE_FROZEN, false, "Released", "The source is retired: its database is no longer closed for writing. Never start its apps again with it.");
        } else if (status.downtime == null) {
            set.set(SOURCE_FROZEN, false, "Running", status.internal.quieting == null ? "The source runs."
                    : status.sidekiqIsQuiet() ? "The source runs, and its Sidekiq takes no new jobs." : "The source runs. Its Sidekiq was restarted.");
        } else if (status.downtime.finishedAt != null && status.downtime.targetWritableAt == null) {
            set.set(SOURCE_FROZEN, false, "Restored", "The source runs as before the freeze.");
        } else if (status.downtime.finishedAt != null && status.source.apps.stream().anyMatch(app -> !app.variables.isEmpty())) {
            set.set(SOURCE_FROZEN, status.source.closedAt != null, status.source.closedAt != null ? "DatabaseClosed" : "Running",
                    "The source runs with the new databases." + (status.source.closedAt != null ? " Its old one is closed for writing." : ""));
        } else if (!status.source.awake.isEmpty()) {
            set.set(SOURCE_FROZEN, false, "Awake", "Somebody or something started the source again: " + String.join(", ", status.source.awake) + ". It is stopped again; its database refuses writes.");
        } else {
            set.set(SOURCE_FROZEN, true, "Frozen", status.source.closedAt == null ? "The source was told to stop." : "The source was told to stop, and its database is closed for writing.");
        }
    }

    private static void verified(MastodonMigrationStatus status, ConditionSet set) {
        var proved = status.verification;
        if (proved == null) {
            set.set(DATA_VERIFIED, false, "NotYet", "Nothing was compared yet.");
            return;
        }
        var differences = proved.postgres.differences + proved.redis.differences;
        set.set(DATA_VERIFIED, differences == 0, differences == 0 ? "Equal" : "Different",
                differences == 0 ? proved.postgres.rows + " rows and " + proved.redis.keys + " keys are equal on both sides." : differences + " rows or keys differ.");
    }

    private static void target(MastodonMigrationStatus status, ConditionSet set) {
        var downtime = status.downtime;
        var live = downtime != null && downtime.targetWritableAt != null;
        var opening = downtime != null && downtime.targetOpenedAt != null && !live && downtime.finishedAt == null;
        set.set(TARGET_LIVE, live, live ? "Live" : opening ? "Opening" : "NotYet", live ? "The target takes writes." : opening ? "The target is being opened." : "The target refuses writes.");
        if (live) {
            set.set(ROLLBACK_POSSIBLE, false, "NotSupportedYet", "The target may have writes that the source lacks, and copying them back is not supported yet.");
        }
    }
}
