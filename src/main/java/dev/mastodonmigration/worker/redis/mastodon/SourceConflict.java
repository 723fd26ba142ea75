package dev.mastodonmigration.worker.redis.mastodon;

/** Why the source's two Redis can not become one. */
public enum SourceConflict {
    OLD_JOBS("The source's main Redis holds ", ", although Sidekiq has a Redis of its own: nothing has run these jobs since, and the target's Sidekiq would. Look whether any is still"
            + " wanted, and remove them there (queues, queue:*, schedule, retry, dead, uniquejobs:*); if both variables name one and the same Redis, unset SIDEKIQ_REDIS_URL."),
    IN_BOTH("The source's main Redis and Sidekiq's own both hold ", ", and the target can have only one of each name. Find out which one Mastodon uses, and remove the other; if both"
            + " variables name one and the same Redis, unset SIDEKIQ_REDIS_URL.");

    private final String before;
    private final String after;

    SourceConflict(String before, String after) {
        this.before = before;
        this.after = after;
    }

    public String of(NamedKeys found) {
        return before + found + after;
    }
}
