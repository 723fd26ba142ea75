package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.bucket.BucketException;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;

/** Reads the final backup once more before something is deleted because there is one: days may have passed, and a volume is easily emptied. Asks no database, and changes nothing that is whole. */
public record CheckBackup(BackupDestination destination) implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var store = destination.find(context)) {
            return BackUpSource.report(store, store.finished().orElseThrow(() -> new Refusal(store.missing())));
        } catch (BucketException refused) {
            throw refused.mayPass() ? refused : new Refusal(refused.getMessage());
        }
    }
}
