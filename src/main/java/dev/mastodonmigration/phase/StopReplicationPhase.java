package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;

/** Takes everything of ours off the source, the write gate first of all, so that its dynos can write again. */
@Singleton
public class StopReplicationPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.StopReplication;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (context.status().sidekiqIsQuiet()) {
            return new Quieting(context).undo();
        }
        return context.work(List.of(Tasks.REOPEN_SOURCE), reports -> {
            var report = reports.get(Tasks.REOPEN_SOURCE);
            return new StepResult.Done(report.message(), report.notes(), StepResult.NO_FACTS);
        });
    }
}
