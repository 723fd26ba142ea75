package dev.mastodonmigration.outside;

/** An outside system said no, or nothing at all. The message is for the admin: what was asked, what the answer was, what to do. No secret in it. */
public class OutsideException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final boolean mayPass;

    /** @param mayPass whether the same call may succeed later without the admin doing anything */
    public OutsideException(String message, boolean mayPass) {
        super(message);
        this.mayPass = mayPass;
    }

    public boolean mayPass() {
        return mayPass;
    }
}
