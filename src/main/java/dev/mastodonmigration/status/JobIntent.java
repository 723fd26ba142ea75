package dev.mastodonmigration.status;

import java.util.Optional;

/**
 * A Job that is about to be created: written down before it is.
 *
 * @param standbyEpoch for a worker that waits to be asked: the epoch in which it will then act
 * @param volume       for a worker that has one of the admin's
 */
public record JobIntent(String task, String name, Optional<Long> standbyEpoch, Optional<Volume> volume) {
    /**
     * A volume of the admin's.
     *
     * @param claim the PersistentVolumeClaim's name
     * @param addOn id of the source's add-on whose data is put there; empty where the database is none
     */
    public record Volume(String claim, Optional<String> addOn) {}

    public JobIntent(String task, String name) {
        this(task, name, Optional.empty(), Optional.empty());
    }

    public JobIntent(String task, String name, Optional<Long> standbyEpoch) {
        this(task, name, standbyEpoch, Optional.empty());
    }
}
