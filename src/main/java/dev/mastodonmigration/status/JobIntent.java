package dev.mastodonmigration.status;

import java.util.Optional;

/**
 * A Job that is about to be created: written down before it is.
 *
 * @param standbyEpoch for a worker that waits to be asked: the epoch in which it will then act
 */
public record JobIntent(String task, String name, Optional<Long> standbyEpoch) {
    public JobIntent(String task, String name) {
        this(task, name, Optional.empty());
    }
}
