package dev.mastodonmigration.worker.redis;

/** Changes of the source may have been missed, or the target may have lost some: everything is compared again before anything is called in sync. */
final class Gap extends Exception {
    private static final long serialVersionUID = 1L;

    Gap(String reason) {
        super(reason);
    }

    Gap(String reason, Throwable cause) {
        super(reason, cause);
    }
}
