package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.stream.Stream;

/** Copies Postgres and Redis side by side out of the stopped source. What a rehearsal has noted already is not told again. */
@Singleton
public class DrainPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Drain;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return context.work(List.of(Tasks.COPY_POSTGRES, Tasks.COPY_REDIS), reports -> {
            var postgres = reports.get(Tasks.COPY_POSTGRES);
            var redis = reports.get(Tasks.COPY_REDIS);
            var rehearsed = context.status().plan.contains(PhaseId.Rehearse.name());
            var notes = Stream.concat(rehearsed ? Stream.<String>empty() : postgres.notes().stream(), redis.notes().stream()).toList();
            return new StepResult.Done(postgres.message() + " " + redis.message(), notes, StepResult.NO_FACTS);
        });
    }
}
