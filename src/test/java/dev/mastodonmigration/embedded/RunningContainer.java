package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;

/** The container of a pod, from its start on. */
interface RunningContainer extends AutoCloseable {
    Instant startedAt();

    boolean isAlive();

    /** Of one that is over. */
    int exitCode();

    String terminationMessage();

    /** Brings mounted Secrets up to date. */
    void refreshSecrets();

    /** SIGTERM now, SIGKILL when the pod's grace period is over; returns at once, and acts once. */
    void terminate(Pod pod);

    /** SIGKILL to all of the container, as when the kernel runs out of memory. */
    void kill();

    @Override
    void close();
}
