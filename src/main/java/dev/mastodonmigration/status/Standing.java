package dev.mastodonmigration.status;

/** How a migration stands, in the words of kstatus and of an admin. */
public enum Standing {
    /** Something is under way. */
    GOES_ON,
    AWAITS_APPROVAL,
    /** For a time of the clock. */
    AWAITS_TIME,
    /** The admin wants nothing begun. */
    SUSPENDED,
    /** It waits for its next attempt, or for a system outside that does not answer. */
    RETRIES,
    /** It cannot go on before the admin has done something. */
    STALLED,
    /** Over, whichever way. */
    ENDED
}
