package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;

/** What plays the containers of pods that belong to no Job: the instance's own processes. */
public interface PodRuntime {
    /** Plays nothing: such pods just run. */
    PodRuntime IDLE = pod -> () -> {};

    /**
     * Starts the container; the result is closed on SIGTERM, and returns from that when the process is gone.
     *
     * @throws RuntimeException when it ends as soon as it has started
     */
    AutoCloseable start(Pod pod);

    /** Its readiness probe says yes for the first time: requests come from now on. */
    default void ready(Pod pod) {}
}
