package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.stream.Stream;

/** Ends the migration: the formation stays at zero where the admin said so, and nothing of ours stays on either side. */
@Singleton
public class RetirePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Retire;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (SpecDefaults.retireFormation(context.spec()) && !context.intended(Tasks.REOPEN_SOURCE)) {
            new SourceApps(context).stop();
        }
        return context.work(List.of(Tasks.REOPEN_SOURCE, Tasks.RELEASE), reports -> new StepResult.Done(
                "our objects are gone from source and target",
                Stream.concat(reports.get(Tasks.REOPEN_SOURCE).notes().stream(), reports.get(Tasks.RELEASE).notes().stream()).toList(),
                StepResult.NO_FACTS));
    }
}
