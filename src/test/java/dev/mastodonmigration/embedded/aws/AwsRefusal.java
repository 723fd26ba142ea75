package dev.mastodonmigration.embedded.aws;

/** AWS says no, with one of its error codes. */
final class AwsRefusal extends Exception {
    private static final long serialVersionUID = 1L;
    final int status;
    final String code;

    AwsRefusal(int status, String code, String message) {
        super(message);
        this.status = status;
        this.code = code;
    }

    /** Most of its refusals are a 400. */
    AwsRefusal(String code, String message) {
        this(400, code, message);
    }
}
