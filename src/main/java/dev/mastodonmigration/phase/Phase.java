package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;

/** One verb of a migration. What a step finds out, intends or does it tells its context as facts; it never writes status. */
public interface Phase {
    PhaseId id();

    /**
     * Takes the phase one step further and returns at once. Idempotent: it is called again and again, by this operator or by the one that
     * follows after a crash, and finds what the last call had done.
     */
    StepResult step(PhaseContext context);

    /** Called before a further attempt begins, when the workers of the last one have ended: forgets what that one found out. */
    default void endAttempt(PhaseContext context) {}

    /** Takes back what {@link #step} did to the world, in the same manner; called only where {@link PhaseId#undoCaption} says that there is something to undo. */
    default StepResult undo(PhaseContext context) {
        throw new IllegalStateException(id() + " has nothing to undo");
    }
}
