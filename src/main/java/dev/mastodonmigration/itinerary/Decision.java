package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.PhaseRun;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What to do next with a migration. */
public sealed interface Decision {
    /** Freeze this itinerary's plan into status and stand at one of its phases, usually the first; empty where nothing is to be done. */
    record Start(Itinerary itinerary, List<PhaseRun> plan, Optional<PhaseRun> at, String reason) implements Decision {}

    /** Record that an attempt at the phase begins. */
    record Begin(PhaseRun run, int attempt, Optional<Instant> deadline) implements Decision {}

    /** Take a step of the phase. */
    record Step(PhaseRun run) implements Decision {}

    /** The phase goes on: look again after a while. */
    record Continue(PhaseRun run, StepResult result, Duration lookAgain) implements Decision {}

    /** The phase is done; the next one of the plan stands, or the itinerary is over. */
    record Advance(PhaseRun run, StepResult.Done result, List<PhaseRun> plan, Optional<PhaseRun> next, String endsAs) implements Decision {}

    /** The attempt failed; another begins at that time. A stalled phase waits for the admin as well. */
    record Retry(PhaseRun run, String reason, String message, Instant at, Persistence persistence) implements Decision {}

    /** Whether the cause of a failure may pass by itself. */
    enum Persistence { MAY_PASS, LASTS }

    /** Before the clock: undo what was done since the cutover gate, and stand there again; empty {@code again} is not before an edit. */
    record BackToGate(PhaseRun from, List<PhaseRun> plan, String message, Optional<Instant> again) implements Decision {}

    /** Nothing runs until the admin acts: there is no attempt to make. */
    record Stall(String reason, String message) implements Decision {}

    /** The admin wants nothing begun. */
    record Suspend(String message) implements Decision {}

    /** Nothing to do before that time. */
    record Rest(Duration lookAgain) implements Decision {}
}
