package dev.mastodonmigration.outside;

/** How far something is that was asked of an outside system. What cannot heal is an {@link OutsideException}. */
public sealed interface Provisioned {
    /** For the admin, in words that follow a colon. */
    String message();

    record Ready(String message) implements Provisioned {}

    record Working(String message) implements Provisioned {}
}
