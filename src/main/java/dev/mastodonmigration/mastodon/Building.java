package dev.mastodonmigration.mastodon;

import java.time.Duration;

/** How far Mastodon is with what it builds once on the target: its feeds, its search index. */
public enum Building {
    /** No pod of the Job runs now: there is none yet, or it is not ready. */
    WAITING,
    BUILDING,
    /** To its end. Accounts that could not be built are in the log alone: tootctl succeeds all the same (mastodon lib/mastodon/cli/progress_helper.rb). */
    ENDED,
    FAILED,
    /** {@link #LONGEST} was over. Kubernetes deletes the pods of such a Job, and their log with them (kubernetes.io/docs/concepts/workloads/controllers/job, job termination). */
    TIMED_OUT,
    /** The Job is not there: somebody deleted it. */
    GONE;

    /** Of an instance of a hundred thousand active users it takes hours. A pod that finds no node ends by this too. */
    public static final Duration LONGEST = Duration.ofHours(24);
}
