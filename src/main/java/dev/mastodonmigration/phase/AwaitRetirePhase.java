package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;
import java.util.stream.Collectors;

/** The gate before the old host is retired. */
@Singleton
public class AwaitRetirePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.AwaitRetire;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (SpecDefaults.retireApproved(context.spec())) {
            return new StepResult.Done("Retiring the old host is approved.");
        }
        var open = context.status().findings.stream().filter(finding -> finding.severity == Severity.Action).map(finding -> " Still open: " + finding.message).collect(Collectors.joining());
        var meanwhile = (context.compute().isPresent() ? AfterTheMove.applyEdits(context) : "") + AfterTheMove.keepStopped(context) + AfterTheMove.keepEdge(context);
        return StepResult.Waiting.forApproval((meanwhile.isEmpty() ? "" : "Meanwhile: " + meanwhile) + "The instance runs on the target. To finish, set spec.retire.approved to true: the write gate is removed from the source's database, and from then on nothing stops"
                + " an app there from writing to it" + (SpecDefaults.retireFormation(context.spec()) ? ", and the apps stay at zero dynos." : ". What becomes of the apps is left to you.")
                + " Nothing on the old host is deleted; delete apps and databases yourself only after that." + open);
    }
}
