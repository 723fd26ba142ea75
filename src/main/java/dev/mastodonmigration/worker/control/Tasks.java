package dev.mastodonmigration.worker.control;

import java.util.Map;

/** Every task a worker can run, by the name that the operator's Jobs use. */
public final class Tasks {
    public static final String PREFLIGHT = "preflight";
    public static final String CLAIM_TARGET = "claim-target";
    public static final String CAPACITY = "capacity";
    public static final String REHEARSE_POSTGRES = "rehearse-postgres";
    public static final String CLOSE_SOURCE = "close-source";
    public static final String COPY_POSTGRES = "copy-postgres";
    public static final String COPY_REDIS = "copy-redis";
    public static final String VERIFY_POSTGRES = "verify-postgres";
    public static final String VERIFY_REDIS = "verify-redis";
    public static final String OPEN_TARGET = "open-target";
    public static final String REOPEN_SOURCE = "reopen-source";
    public static final String RESET_TARGET = "reset-target";
    public static final String RELEASE = "release";

    static final Map<String, WorkerTask> ALL = Map.of();

    private Tasks() {}
}
