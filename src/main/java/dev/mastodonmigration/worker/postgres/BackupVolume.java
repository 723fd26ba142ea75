package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The admin's volume, for the tasks of the final backup.
 *
 * @param mounted where; empty in workers of other tasks
 */
public record BackupVolume(Optional<Path> mounted) {
    /** As the operator told the worker. */
    public static BackupVolume of(Map<String, String> environment) {
        return new BackupVolume(Optional.ofNullable(environment.get(WorkerContext.ENV_BACKUP)).map(Path::of));
    }

    Path place() throws Refusal {
        return mounted.orElseThrow(() -> new Refusal("The final backup has no place to be written to: set spec.retire.backup.persistentVolumeClaim."));
    }
}
