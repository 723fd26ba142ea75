package dev.mastodonmigration.compute;

/** How far Mastodon is with building its feeds. */
public enum Feeds {
    /** No pod of the Job runs now: there is none yet, or it is not ready. */
    WAITING,
    BUILDING,
    /** To its end. Accounts that could not be built are in the log alone: tootctl succeeds all the same (mastodon lib/mastodon/cli/progress_helper.rb). */
    ENDED,
    FAILED,
    /** The Job is not there: somebody deleted it. */
    GONE
}
