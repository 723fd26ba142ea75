package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import jakarta.inject.Singleton;
import java.util.List;

/** Marks the source as this migration's. For what is moved live, captures changes and copies until both sides are in sync; for the rest, makes sure of room. */
@Singleton
public class ReplicatePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Replicate;
    }

    @Override
    public StepResult step(PhaseContext context) {
        // No dump is written where Postgres is replicated, so no room for one is needed.
        var prepare = SpecDefaults.livePostgres(context.spec()) ? Tasks.INSTALL_CAPTURE : Tasks.CAPACITY;
        return context.work(List.of(Tasks.MARK_SOURCE), marked -> context.work(List.of(prepare), prepared -> replicated(context, prepared.get(prepare))));
    }

    private static StepResult replicated(PhaseContext context, WorkerReport prepared) {
        return switch (context.replication().untilInSync()) {
            case StepResult.Done inSync -> {
                prepared.notes().forEach(note -> context.tell(Notes.of("replicate", note)));
                yield new StepResult.Done(context.replication().tasks().isEmpty() ? prepared.message() : prepared.message() + " Both sides are " + inSync.message() + ".");
            }
            case StepResult other -> other;
        };
    }

    @Override
    public StepResult undo(PhaseContext context) {
        return switch (context.replication().end()) {
            case StepResult.Done ended -> new GoingBack(context).clearSource();
            case StepResult ending -> ending;
        };
    }
}
