package dev.mastodonmigration.outside;

/** How far something is that was asked of an outside system. What cannot heal is an {@link OutsideException}. */
public sealed interface Provisioned {
    /** For the admin, in words that follow a colon or a sentence, without a full stop. */
    String message();

    /** @param message what there is to know of it; empty where there is nothing */
    record Ready(String message) implements Provisioned {}

    record Working(String message) implements Provisioned {}
}
