package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
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

    /**
     * Something is under way.
     *
     * @param lookAgain when the next step is worth its price; empty for as soon as the engine likes
     */
    record Working(String message, Consumer<MastodonMigrationStatus> facts, Optional<Duration> lookAgain) implements StepResult {
        public Working(String message) {
            this(message, NO_FACTS, Optional.empty());
        }

        public Working(String message, Consumer<MastodonMigrationStatus> facts) {
            this(message, facts, Optional.empty());
        }

        public Working(String message, Duration lookAgain) {
            this(message, NO_FACTS, Optional.of(lookAgain));
        }
    }

    /** Nothing to do until the admin or the clock says so. An edit of the spec is seen at once. */
    record Waiting(Gate gate, String message, Duration lookAgain, Consumer<MastodonMigrationStatus> facts) implements StepResult {
        private static final Duration AT_MOST = Duration.ofSeconds(30);

        public Waiting {
            lookAgain = lookAgain.compareTo(AT_MOST) < 0 ? lookAgain : AT_MOST;
        }

        /** Waits for an edit. */
        public static Waiting forApproval(String message) {
            return new Waiting(Gate.APPROVAL, message, AT_MOST, NO_FACTS);
        }

        /** Waits for the clock. */
        public static Waiting until(Instant end, Instant now, String message) {
            return new Waiting(Gate.TIME, message, Duration.between(now, end), NO_FACTS);
        }

        /** The same, while something goes on that is worth a look in between. */
        public Waiting meanwhile(Consumer<MastodonMigrationStatus> seen, Duration lookAtMost) {
            return new Waiting(gate, message, lookAtMost.compareTo(lookAgain) < 0 ? lookAtMost : lookAgain, seen);
        }
    }

    /** The cause may pass: a network, a throttle, a killed worker. */
    record Retryable(String message) implements StepResult {}

    /** A Job that was seen is gone, and with it what it would have reported. */
    record Lost(String message) implements StepResult {}

    /** Trying again cannot help; the message says what to do. */
    record Refused(String message) implements StepResult {}

    /** What a waiting phase waits for. */
    enum Gate { APPROVAL, TIME }
}
