package dev.mastodonmigration.worker.control;

/** Names of the tasks that a worker can run: the operator's Jobs use them. */
public final class Tasks {
    public static final String PREFLIGHT = "preflight";
    public static final String CLAIM_TARGET = "claim-target";
    public static final String CAPACITY = "capacity";
    public static final String REHEARSE_POSTGRES = "rehearse-postgres";
    public static final String REHEARSE_LIVE_POSTGRES = "rehearse-live-postgres";
    public static final String MARK_SOURCE = "mark-source";
    public static final String CLOSE_SOURCE = "close-source";
    public static final String COPY_POSTGRES = "copy-postgres";
    public static final String COPY_REDIS = "copy-redis";
    public static final String REPLICATE_REDIS = "replicate-redis";
    public static final String QUIET_SIDEKIQ = "quiet-sidekiq";
    public static final String INSTALL_CAPTURE = "install-capture";
    public static final String REPLICATE_POSTGRES = "replicate-postgres";
    public static final String HOUSEKEEP_POSTGRES = "housekeep-postgres";
    public static final String VERIFY_POSTGRES = "verify-postgres";
    public static final String VERIFY_REDIS = "verify-redis";
    public static final String LOOK_FOR_CLIENTS = "look-for-clients";
    public static final String LOOK_FOR_PROGRAMS = "look-for-programs";
    public static final String LOOK_AT_SIDEKIQ = "look-at-sidekiq";
    public static final String LOOK_AT_QUEUES = "look-at-queues";
    public static final String OPEN_TARGET = "open-target";
    public static final String WITHDRAW_OPENING = "withdraw-opening";
    public static final String REOPEN_SOURCE = "reopen-source";
    public static final String CLEAR_SOURCE = "clear-source";
    public static final String RESET_TARGET = "reset-target";
    public static final String BACK_UP_SOURCE = "back-up-source";
    public static final String CHECK_BACKUP = "check-backup";
    public static final String RELEASE = "release";

    private Tasks() {}
}
