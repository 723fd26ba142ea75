package dev.mastodonmigration.itinerary;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** What one step of a phase came to. What the step found out are {@link dev.mastodonmigration.status.Fact}s, told beside it. */
public sealed interface StepResult {
    String message();

    /**
     * The phase is done.
     *
     * @param left what stays behind and is now the admin's to look after, in a sentence; empty where nothing does
     */
    record Done(String message, Optional<String> left) implements StepResult {
        public Done(String message) {
            this(message, Optional.empty());
        }
    }

    /**
     * Something is under way.
     *
     * @param lookAgain when the next step is worth its price; empty for as soon as the engine likes
     */
    record Working(String message, Optional<Duration> lookAgain) implements StepResult {
        public Working(String message) {
            this(message, Optional.empty());
        }

        public Working(String message, Duration lookAgain) {
            this(message, Optional.of(lookAgain));
        }
    }

    /** Nothing to do until the admin or the clock says so. An edit of the spec is seen at once. */
    record Waiting(Gate gate, String message, Duration lookAgain) implements StepResult {
        private static final Duration AT_MOST = Duration.ofSeconds(30);

        public Waiting {
            lookAgain = lookAgain.compareTo(AT_MOST) < 0 ? lookAgain : AT_MOST;
        }

        /** Waits for an edit. */
        public static Waiting forApproval(String message) {
            return new Waiting(Gate.APPROVAL, message, AT_MOST);
        }

        /** Waits for the clock. */
        public static Waiting until(Instant end, Instant now, String message) {
            return new Waiting(Gate.TIME, message, Duration.between(now, end));
        }

        /** The same, while something goes on that is worth a look in between. */
        public Waiting meanwhile(Duration lookAtMost) {
            return new Waiting(gate, message, lookAtMost.compareTo(lookAgain) < 0 ? lookAtMost : lookAgain);
        }
    }

    /** A system outside does not answer, throttles or fails: nothing was lost, and the same step is taken again. */
    record Blocked(String message) implements StepResult {}

    /** The attempt failed, and the cause may pass: a killed worker, a cut connection. */
    record Retryable(String message) implements StepResult {}

    /** A Job that was seen is gone, and with it what it would have reported. */
    record Lost(String message) implements StepResult {}

    /** Trying again cannot help; the message says what to do. */
    record Refused(String message) implements StepResult {}

    /** Before the clock: what the gate stands for is no longer given, such as an approval that was taken back. Nothing has failed. */
    record Withdrawn(String message) implements StepResult {}

    /** Undoing came too late, because the target takes writes already: the migration goes on forward. */
    record TooLate(String message) implements StepResult {}

    /** What a waiting phase waits for. */
    enum Gate { APPROVAL, TIME }
}
