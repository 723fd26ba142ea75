package dev.mastodonmigration.worker.control;

/** A finding that trying again cannot fix. The message is for the admin: what was found, in which object, and what to do. No secret in it. */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    public Refusal(String message) {
        super(message);
    }
}
