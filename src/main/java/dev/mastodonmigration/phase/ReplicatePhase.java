package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import jakarta.inject.Singleton;
import java.util.List;

/** For what is moved live, captures changes and copies while the source runs, until both sides are in sync; for the rest, makes sure of room. */
@Singleton
public class ReplicatePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Replicate;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (!SpecDefaults.livePostgres(context.spec())) {
            return context.work(List.of(Tasks.CAPACITY), reports -> replicated(context, reports.get(Tasks.CAPACITY)));
        }
        // No dump is written, so no room for one is needed.
        return context.work(List.of(Tasks.MARK_SOURCE),
                marked -> context.work(List.of(Tasks.INSTALL_CAPTURE), captured -> replicated(context, captured.get(Tasks.INSTALL_CAPTURE))));
    }

    private static StepResult replicated(PhaseContext context, WorkerReport prepared) {
        var replication = new Replication(context);
        if (!replication.wanted()) {
            return new StepResult.Done(prepared.message(), prepared.notes(), StepResult.NO_FACTS);
        }
        return switch (replication.untilInSync()) {
            case StepResult.Done inSync -> new StepResult.Done(prepared.message() + " " + inSync.message(), prepared.notes(), inSync.facts());
            case StepResult other -> other;
        };
    }
}
