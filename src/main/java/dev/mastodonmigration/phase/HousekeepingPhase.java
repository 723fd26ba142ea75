package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;

/** Does on the open target what would have cost downtime: foreign keys are validated, views and statistics made anew. */
@Singleton
public class HousekeepingPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Housekeeping;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return context.work(List.of(Tasks.HOUSEKEEP_POSTGRES), reports -> {
            var report = reports.get(Tasks.HOUSEKEEP_POSTGRES);
            return new StepResult.Done(report.message(), report.notes(), StepResult.NO_FACTS);
        });
    }
}
