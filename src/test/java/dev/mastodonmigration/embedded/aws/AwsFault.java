package dev.mastodonmigration.embedded.aws;

/** What goes wrong with one call. */
public sealed interface AwsFault {
    /** AWS does it, then the connection is cut. */
    record LostAnswer() implements AwsFault {}

    /** The connection is cut before AWS has it. */
    record CutBefore() implements AwsFault {}

    /** AWS refuses it, in the words of its protocol: {@code 500 InternalFailure}, {@code 403 ExpiredToken}. */
    record Refused(int status, String code, String message) implements AwsFault {}

    /** Too many calls, in the service's own words. */
    record Throttled() implements AwsFault {}

    /** The answer is of a moment before what was asked for was there: a list without entries, or the service's "not found" where a name was given. */
    record Stale() implements AwsFault {}
}
