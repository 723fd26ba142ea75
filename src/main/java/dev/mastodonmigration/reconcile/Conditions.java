package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.itinerary.Itineraries;
import dev.mastodonmigration.itinerary.Observation;
import dev.mastodonmigration.itinerary.StepResult;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;

/** Says in Kubernetes' terms how a migration stands, from its status and the decision just taken. */
final class Conditions {
    static final String READY = "Ready";
    static final String RECONCILING = "Reconciling";
    static final String STALLED = "Stalled";
    static final String AWAITING_APPROVAL = "AwaitingApproval";
    private static final String SOURCE_FROZEN = "SourceFrozen";
    private static final String DATA_VERIFIED = "DataVerified";
    private static final String TARGET_LIVE = "TargetLive";
    private static final String ROLLBACK_POSSIBLE = "RollbackPossible";

    /** What Ready is about to say, and which of the other two holds. */
    private record Standing(boolean ready, boolean reconciling, boolean stalled, String reason, String message) {}

    private Conditions() {}

    static List<Condition> of(MastodonMigrationStatus status, Decision decision, Observation seen) {
        var set = new ConditionSet(status.conditions, seen.now(), seen.generation());
        if (!(decision instanceof Decision.Rest)) {
            var standing = standing(status, decision);
            set.set(READY, standing.ready(), standing.reason(), standing.message());
            set.setOnlyIf(RECONCILING, standing.reconciling(), standing.reason(), standing.message());
            set.setOnlyIf(STALLED, standing.stalled(), standing.reason(), standing.message());
            var approval = decision instanceof Decision.Continue going && going.result() instanceof StepResult.Waiting waiting && waiting.gate() == StepResult.Gate.APPROVAL;
            set.set(AWAITING_APPROVAL, approval, approval ? status.phase : "NoGate", approval ? standing.message() : "No gate waits for you.");
        }
        facts(status, set);
        return set.toList();
    }

    private static Standing standing(MastodonMigrationStatus status, Decision decision) {
        if (MastodonMigrationStatus.COMPLETED.equals(status.phase)) {
            return new Standing(true, false, false, "Completed", "The instance has moved.");
        }
        if (MastodonMigrationStatus.ABORTED.equals(status.phase)) {
            return new Standing(false, false, true, "Aborted", status.reason + " The source is as it was before, and nothing of ours is left. To migrate, delete this MastodonMigration and create another.");
        }
        return switch (decision) {
            case Decision.Stall stall -> new Standing(false, false, true, stall.reason(), stall.message());
            case Decision.Suspend suspend -> new Standing(false, false, false, "Suspended", suspend.message());
            case Decision.Retry retry -> new Standing(false, !retry.stalled(), retry.stalled(), retry.reason(), retry.phase() + ": " + retry.message());
            case Decision.Continue going when going.result() instanceof StepResult.Waiting waiting ->
                    new Standing(false, true, false, waiting.gate() == StepResult.Gate.APPROVAL ? AWAITING_APPROVAL : status.phase, waiting.message());
            case Decision.Continue going -> new Standing(false, true, false, status.phase, going.phase().caption() + ": " + going.result().message());
            case Decision.Start start -> new Standing(false, true, false, status.phase, start.reason().isEmpty() ? "starting" : start.reason());
            case Decision.Begin begin -> new Standing(false, true, false, status.phase, begin.phase().caption());
            case Decision.Advance advance -> new Standing(false, true, false, status.phase, advance.result().message());
            case Decision.Step step -> throw new IllegalStateException("a step is taken, not reported: " + step);
            case Decision.Rest rest -> throw new IllegalStateException("resting changes nothing: " + rest);
        };
    }

    private static void facts(MastodonMigrationStatus status, ConditionSet set) {
        var opened = status.downtime != null && status.downtime.targetOpenedAt != null;
        var live = opened && status.downtime.endedAt != null;
        var backward = !Itineraries.FORWARD.name().equalsIgnoreCase(status.itinerary);
        var restored = backward && status.downtime != null && status.downtime.endedAt != null;
        var frozen = status.downtime != null && !restored;
        set.set(SOURCE_FROZEN, frozen, frozen ? "Frozen" : restored ? "Restored" : "Running",
                frozen ? "Heroku is in maintenance mode, its formation is zero." : restored ? "The source runs as before the freeze."
                        : status.quieting == null ? "The source was not touched." : status.sidekiqIsQuiet() ? "The source runs, its Sidekiq is quiet." : "The source runs; its Sidekiq's dynos were restarted.");
        var differences = status.verification == null ? null : sum(status.verification.postgres.differences, status.verification.redis.differences);
        var verified = differences != null && differences == 0;
        set.set(DATA_VERIFIED, verified, verified ? "Equal" : differences == null ? "NotYet" : "Different",
                verified ? status.verification.postgres.rows + " rows and " + status.verification.redis.keys + " keys are equal." : differences == null ? "Nothing was compared yet." : differences + " differences.");
        set.set(TARGET_LIVE, live, live ? "Live" : opened ? "Opening" : "NotYet", live ? "The instance runs on the target." : opened ? "The target is being opened." : "The target is closed.");
        if (opened) {
            set.set(ROLLBACK_POSSIBLE, false, "NotSupportedYet", "The target may hold writes that the source lacks, and copying them back is not supported yet.");
        }
    }

    private static Long sum(Long one, Long other) {
        return one == null || other == null ? null : Long.valueOf(one + other);
    }
}
