package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.Map;

/** What of the admin's the final backup is written to. */
public interface BackupDestination {
    /** As the operator told the worker. */
    static BackupDestination of(Map<String, String> environment) {
        return environment.containsKey(WorkerContext.ENV_BUCKET) ? BackupBucket.of(environment) : BackupVolume.of(environment);
    }

    /** To write to: creates the migration's part of it, or finds it. */
    BackupStore open(WorkerContext context) throws IOException, Refusal;

    /** To read; creates nothing. @throws Refusal also when the migration has nothing there */
    BackupStore find(WorkerContext context) throws IOException, Refusal;
}
