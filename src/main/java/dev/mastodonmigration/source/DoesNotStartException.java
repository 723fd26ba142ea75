package dev.mastodonmigration.source;

import dev.mastodonmigration.outside.OutsideException;

/** What was set keeps the source's web processes from starting: the instance is down until it is taken back. */
public final class DoesNotStartException extends OutsideException {
    private static final long serialVersionUID = 1L;

    public DoesNotStartException(String message) {
        super(message, false);
    }
}
