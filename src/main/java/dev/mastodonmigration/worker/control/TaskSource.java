package dev.mastodonmigration.worker.control;

import java.util.Map;
import java.util.Optional;

/** Where a task is found by its name: so that who runs tasks need not know the engines that do them. */
@FunctionalInterface
public interface TaskSource {
    /** @param environment as the operator sets it on a worker's container: some tasks depend on what the migration moves */
    Optional<WorkerTask> find(String task, Map<String, String> environment);
}
