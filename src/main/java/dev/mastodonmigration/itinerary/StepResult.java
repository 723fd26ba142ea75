package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import java.util.List;
import java.util.function.Consumer;

/** What one step of a phase came to. {@link #facts} are what it found out, for the StatusReporter to write. */
public sealed interface StepResult {
    /** Writes nothing. */
    Consumer<MastodonMigrationStatus> NO_FACTS = status -> {};

    String message();

    default Consumer<MastodonMigrationStatus> facts() {
        return NO_FACTS;
    }

    /**
     * The phase is done.
     *
     * @param notes findings for the admin, each to become an event
     */
    record Done(String message, List<String> notes, Consumer<MastodonMigrationStatus> facts) implements StepResult {
        public Done(String message) {
            this(message, List.of(), NO_FACTS);
        }
    }

    /** Something is under way: the next step follows soon. */
    record Working(String message, Consumer<MastodonMigrationStatus> facts) implements StepResult {
        public Working(String message) {
            this(message, NO_FACTS);
        }
    }

    /** Nothing to do until the admin or the clock says so. */
    record Waiting(Gate gate, String message) implements StepResult {}

    /** The cause may pass: a network, a throttle, a killed worker. */
    record Retryable(String message) implements StepResult {}

    /** A Job that was seen is gone, and with it what it would have reported. */
    record Lost(String message) implements StepResult {}

    /** Trying again cannot help; the message says what to do. */
    record Refused(String message) implements StepResult {}

    /** What a waiting phase waits for. */
    enum Gate { APPROVAL, TIME }
}
