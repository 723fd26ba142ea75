package dev.mastodonmigration.outside;

import java.time.Duration;
import java.util.Optional;

/** How far something is that was asked of an outside system. What cannot heal is an {@link OutsideException}. */
public sealed interface Provisioned {
    /** For the admin, in words that follow a colon or a sentence, without a full stop. */
    String message();

    /** @param message what there is to know of it; empty where there is nothing */
    record Ready(String message) implements Provisioned {}

    /** @param lookAgain after which time, where it is known that sooner is of no use */
    record Working(String message, Optional<Duration> lookAgain) implements Provisioned {
        public Working(String message) {
            this(message, Optional.empty());
        }
    }

    /** It was to be removed, and is not: what stays is the admin's from now on. */
    record Left(String message) implements Provisioned {}
}
