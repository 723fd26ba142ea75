package dev.mastodonmigration.outside;

/** Something the admin must provide is not there: a Secret, a key, a config var. The message names it and the fix. */
public final class MissingInputException extends OutsideException {
    private static final long serialVersionUID = 1L;

    public MissingInputException(String message) {
        super(message, false);
    }
}
