package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;

/** With Dump and Snapshot nothing is copied while the source runs: only room for the copy is made sure of. */
@Singleton
public class ReplicatePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Replicate;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return context.work(List.of(Tasks.CAPACITY), reports -> {
            var report = reports.get(Tasks.CAPACITY);
            return new StepResult.Done(report.message(), report.notes(), StepResult.NO_FACTS);
        });
    }
}
