package dev.mastodonmigration.target;

/** How far the smoke test is: the instance's own images, read-only, against the target's databases. */
public sealed interface SmokeTest {
    /** @param message what it waits for, such as an image that cannot be pulled */
    record Running(String message) implements SmokeTest {}

    /** @param message what was proved */
    record Passed(String message) implements SmokeTest {}

    /** @param message its own words, without secrets, and what to do */
    record Failed(String message) implements SmokeTest {}
}
