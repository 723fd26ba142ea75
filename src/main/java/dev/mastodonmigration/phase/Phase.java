package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;

/** One verb of a migration. */
public interface Phase {
    PhaseId id();

    /**
     * Takes the phase one step further and returns at once. Idempotent: it is called again and again, by this operator or by the one that
     * follows after a crash, and finds what the last call had done.
     */
    StepResult step(PhaseContext context);
}
