package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;

/** Ends the migration: the formation stays at zero where the admin said so, and nothing of ours stays on either side. */
@Singleton
public class RetirePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Retire;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (SpecDefaults.retireFormation(context.spec()) && !context.intended(Tasks.RELEASE)) {
            new SourceApps(context).stop();
        }
        return context.work(List.of(Tasks.RELEASE), reports -> {
            var report = reports.get(Tasks.RELEASE);
            return new StepResult.Done(report.message(), report.notes(), StepResult.NO_FACTS);
        });
    }
}
