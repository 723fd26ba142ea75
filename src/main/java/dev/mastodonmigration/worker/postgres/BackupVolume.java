package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The admin's volume, for the tasks of the final backup.
 *
 * @param mounted where; empty in workers of other tasks
 */
public record BackupVolume(Optional<Path> mounted) implements BackupDestination {
    /** As the operator told the worker. */
    public static BackupVolume of(Map<String, String> environment) {
        return new BackupVolume(Optional.ofNullable(environment.get(WorkerContext.ENV_BACKUP)).map(Path::of));
    }

    @Override
    public BackupStore open(WorkerContext context) throws IOException, Refusal {
        return new VolumeStore(BackupDirectory.open(place(), context));
    }

    @Override
    public BackupStore find(WorkerContext context) throws IOException, Refusal {
        return new VolumeStore(BackupDirectory.find(place(), context));
    }

    private Path place() throws Refusal {
        return mounted.orElseThrow(() -> new Refusal("The final backup has no place to be written to: set spec.retire.backup.persistentVolumeClaim or spec.retire.backup.s3."));
    }
}
