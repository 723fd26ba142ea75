package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.OutsideException;

/** AWS said no, or nothing at all: with its error code, by which the caller tells a refusal that it expects from others. */
final class AwsException extends OutsideException {
    private static final long serialVersionUID = 1L;
    private final String code;

    /** @param code as AWS sent it; empty when it sent none */
    AwsException(String code, String message, boolean mayPass) {
        super(message, mayPass);
        this.code = code;
    }

    String code() {
        return code;
    }
}
