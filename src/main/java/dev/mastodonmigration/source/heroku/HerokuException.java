package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.outside.OutsideException;

/** Heroku said no, or nothing at all: why, whether waiting helps, and a message for the admin without the token. */
public final class HerokuException extends OutsideException {
    private static final long serialVersionUID = 1L;

    /** What kind of no it was. */
    public enum Kind {
        /** The token is wrong, expired or revoked. */
        UNAUTHORIZED,
        /** The token is good but may not do this. */
        FORBIDDEN,
        /** No such app, or none that the token's account can see. */
        NOT_FOUND,
        /** The app is there; the process type or the dyno in it is not. */
        PART_NOT_FOUND,
        /** Too many calls on this account. */
        RATE_LIMITED,
        /** The app is busy with something else, most often with a release that has just been made. */
        BUSY,
        /** 5xx, no connection, no answer in time, or no answer that reads as Heroku's. */
        UNAVAILABLE,
        /** Any other refusal, with Heroku's own words. */
        REJECTED;

        boolean mayPass() {
            return switch (this) {
                case RATE_LIMITED, BUSY, UNAVAILABLE -> true;
                case UNAUTHORIZED, FORBIDDEN, NOT_FOUND, PART_NOT_FOUND, REJECTED -> false;
            };
        }
    }

    private final Kind kind;
    private final String id;

    public HerokuException(Kind kind, String message) {
        this(kind, message, "");
    }

    /** @param id Heroku's own of the error; empty where the answer was not Heroku's, or had none */
    HerokuException(Kind kind, String message, String id) {
        super(message, kind.mayPass());
        this.kind = kind;
        this.id = id;
    }

    /** Whether Heroku itself said that there is no such thing: a proxy's 404 says nothing of what Heroku has. */
    boolean saysItIsGone() {
        return id.equals(HerokuRefusals.NOT_FOUND);
    }

    public Kind kind() {
        return kind;
    }

    /** Whether the same call may succeed later without the admin doing anything. */
    public boolean retryable() {
        return mayPass();
    }
}
