package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.time.Instant;

/** Puts the write gate on the source's database, where Postgres moves, at once, while its processes are still stopping: the gate is the lock, because a Scheduler dyno can start after any look. */
@Singleton
public class CloseSourcePhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.CloseSource;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return new Standby(context).run(Tasks.CLOSE_SOURCE, Instant.parse(context.status().source.stoppedAt), reports -> {
            var report = reports.get(Tasks.CLOSE_SOURCE);
            report.notes().forEach(note -> context.tell(Notes.of(Tasks.CLOSE_SOURCE, note)));
            if (SpecDefaults.movesPostgres(context.spec())) {
                context.tell(new Fact.SourceClosed());
            }
            return new StepResult.Done(report.message());
        });
    }

    @Override
    public StepResult undo(PhaseContext context) {
        return new GoingBack(context).reopenSource();
    }
}
