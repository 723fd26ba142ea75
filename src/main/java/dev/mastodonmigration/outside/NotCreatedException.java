package dev.mastodonmigration.outside;

/** What was asked about is the operator's to create, and does not exist yet, or no longer: no fault, only too early or too late. */
public final class NotCreatedException extends OutsideException {
    private static final long serialVersionUID = 1L;

    public NotCreatedException(String message) {
        super(message, true);
    }
}
