package dev.mastodonmigration.status;

import dev.mastodonmigration.api.BackupPlace;
import java.util.Optional;

/**
 * A Job that is about to be created: written down before it is.
 *
 * @param standbyEpoch for a worker that waits to be asked: the epoch in which it will then act
 * @param backup       for a worker of the final backup
 */
public record JobIntent(String task, String name, Optional<Long> standbyEpoch, Optional<Backup> backup) {
    /**
     * Where a copy of what goes.
     *
     * @param addOn id of the source's add-on whose data is put there; empty where the database is none
     */
    public record Backup(BackupPlace place, Optional<String> addOn) {}

    public JobIntent(String task, String name) {
        this(task, name, Optional.empty(), Optional.empty());
    }

    public JobIntent(String task, String name, Optional<Long> standbyEpoch) {
        this(task, name, standbyEpoch, Optional.empty());
    }
}
