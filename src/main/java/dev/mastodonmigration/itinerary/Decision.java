package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.PhaseId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What to do next with a migration. */
public sealed interface Decision {
    /** Freeze this itinerary's plan into status and stand at its first phase. */
    record Start(Itineraries itinerary, List<PhaseId> plan, String reason) implements Decision {}

    /** Record that an attempt at the phase begins. */
    record Begin(PhaseId phase, int attempt, Optional<Instant> deadline) implements Decision {}

    /** Take a step of the phase. */
    record Step(PhaseId phase) implements Decision {}

    /** The phase goes on: look again after a while. */
    record Continue(PhaseId phase, StepResult result, Duration lookAgain) implements Decision {}

    /** The phase is done; the next one of the plan stands, or the itinerary is over. */
    record Advance(PhaseId phase, StepResult.Done result, List<PhaseId> plan) implements Decision {
        public Optional<PhaseId> next() {
            var following = plan.indexOf(phase) + 1;
            return following < plan.size() ? Optional.of(plan.get(following)) : Optional.empty();
        }
    }

    /** The attempt failed; another begins at that time. A stalled phase waits for the admin as well. */
    record Retry(PhaseId phase, String reason, String message, Instant at, boolean stalled) implements Decision {}

    /** Nothing runs until the admin acts: there is no attempt to make. */
    record Stall(String reason, String message) implements Decision {}

    /** The admin wants nothing begun. */
    record Suspend(String message) implements Decision {}

    /** Nothing to do before that time. */
    record Rest(Duration lookAgain) implements Decision {}
}
