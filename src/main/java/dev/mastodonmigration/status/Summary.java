package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import java.util.EnumSet;
import java.util.Set;

/**
 * How a migration stands in a few words, for the STATUS column of {@code kubectl get}. Always something: a phase says what it is for, and one that may
 * wait for minutes on what is created elsewhere, what it waits for.
 */
final class Summary {
    private static final int LONGEST = 60;
    private static final Set<PhaseId> CREATE = EnumSet.of(PhaseId.Provision, PhaseId.DeployCompute);

    private Summary() {}

    static String of(MastodonMigrationStatus status, Fact.Stands stands) {
        var down = status.downtime != null && status.downtime.finishedAt == null ? "DOWN " + Math.round(status.downtime.seconds) + " s" : "";
        var words = words(status, stands);
        return down.isEmpty() ? words : stands.standing() == Standing.STALLED || stands.standing() == Standing.RETRIES ? cut(down + ", " + words) : down;
    }

    private static String words(MastodonMigrationStatus status, Fact.Stands stands) {
        return switch (stands.standing()) {
            case AWAITS_APPROVAL -> "waiting for your approval";
            case AWAITS_TIME -> cut(withoutPhase(stands.message(), status));
            case SUSPENDED -> "suspended";
            case STALLED -> cut("Stalled: " + withoutPhase(stands.message(), status));
            case RETRIES -> cut("retrying: " + withoutPhase(stands.message(), status));
            case ENDED -> MastodonMigrationStatus.COMPLETED.equals(status.phase) ? moved(status) : "the source runs as before";
            case GOES_ON -> goesOn(status, stands);
        };
    }

    private static String moved(MastodonMigrationStatus status) {
        return status.plan.contains(PhaseId.DeployCompute.name()) ? "the instance has moved" : "the instance uses the new databases";
    }

    private static String goesOn(MastodonMigrationStatus status, Fact.Stands stands) {
        var run = PhaseRun.parse(status.phase);
        if (run.filter(now -> CREATE.contains(now.phase())).isPresent()) {
            return cut(withoutPhase(stands.message(), status));
        }
        return status.progress != null && status.progress.summary != null ? status.progress.summary : cut(run.map(PhaseRun::caption).orElseGet(() -> withoutPhase(stands.message(), status)));
    }

    private static String withoutPhase(String message, MastodonMigrationStatus status) {
        return message.startsWith(status.phase + ": ") ? message.substring(status.phase.length() + 2) : message;
    }

    private static String cut(String words) {
        return words.length() <= LONGEST ? words : words.substring(0, words.lastIndexOf(' ', LONGEST) > LONGEST / 2 ? words.lastIndexOf(' ', LONGEST) : LONGEST) + " …";
    }
}
