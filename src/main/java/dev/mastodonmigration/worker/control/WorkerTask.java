package dev.mastodonmigration.worker.control;

/** What one worker process does, once. Idempotent: a worker killed at any moment is followed by another with the same task. */
@FunctionalInterface
public interface WorkerTask {
    /**
     * Runs the task to its end.
     *
     * @return the figures to report on success
     * @throws Refusal when trying again cannot help: the operator stalls (or, inside the freeze, restores the source) with its message
     * @throws Exception for everything else: the operator tries again
     */
    WorkerReport run(WorkerContext context) throws Exception;

    /**
     * Looks at all that {@link #run} will use and changes nothing: so a worker on standby finds out that it cannot reach a database while there is
     * time, and does not have to load its drivers when it counts.
     */
    default void standBy(WorkerContext context) throws Exception {}
}
