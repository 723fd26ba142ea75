package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;

/** Starts the workers of the freeze and waits until they could act at once. */
@Singleton
public class StandByPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.StandBy;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var withdrawn = Gate.withdrawn(context);
        return withdrawn.isPresent() ? withdrawn.get() : new Standby(context).ready();
    }

    @Override
    public StepResult undo(PhaseContext context) {
        return new Standby(context).end();
    }
}
