package dev.mastodonmigration.source.heroku;

/** Heroku said no, or nothing at all: why, whether waiting helps, and a message for the admin without the token. */
public final class HerokuException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What kind of no it was. */
    public enum Kind {
        /** 401: the token is wrong, expired or revoked. */
        UNAUTHORIZED,
        /** 403: the token is good but may not do this. */
        FORBIDDEN,
        /** 404: no such app, or none that the token's account can see. */
        NOT_FOUND,
        /** 429: too many calls on this account. */
        RATE_LIMITED,
        /** 5xx, no connection, no answer in time, or no answer that reads as Heroku's. */
        UNAVAILABLE,
        /** Any other refusal, with Heroku's own words. */
        REJECTED
    }

    private final Kind kind;

    public HerokuException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** Whether the same call may succeed later without the admin doing anything. */
    public boolean retryable() {
        return switch (kind) {
            case RATE_LIMITED, UNAVAILABLE -> true;
            case UNAUTHORIZED, FORBIDDEN, NOT_FOUND, REJECTED -> false;
        };
    }
}
