package dev.mastodonmigration.embedded;

/** What runs in a container of a machine. */
public interface MachineProcess extends AutoCloseable {
    /** What the container's health check would find. */
    boolean isHealthy();

    /** SIGTERM: returns when nothing of it runs any more. */
    @Override
    void close();
}
