package dev.mastodonmigration.worker;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerTask;

/** One half of a task; it is skipped when the migration does not move that half, which the Secret's files tell. */
record Part(String needs, WorkerTask task) {
    static Part postgres(WorkerTask task) {
        return new Part(WorkerContext.TARGET_POSTGRES_URL, task);
    }

    static Part redis(WorkerTask task) {
        return new Part(WorkerContext.TARGET_REDIS_URL, task);
    }
}
