package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;

/** Reads the final backup once more before something is deleted because there is one: days may have passed, and a volume is easily emptied. Asks no database, and changes nothing that is whole. */
public record CheckBackup(BackupVolume volume) implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var directory = BackupDirectory.find(volume.place(), context)) {
            return BackUpSource.report(directory, directory.finished().orElseThrow(() -> new Refusal("The final backup is not on its volume any more: " + directory.path().getFileName() + " holds none that is whole.")));
        }
    }
}
