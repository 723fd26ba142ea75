package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;

/** A container that {@link PodRuntime} plays inside this JVM, or that ended as soon as it started. */
final class PlayedContainer implements RunningContainer {
    private static final int TERMINATED = 143;

    private final Instant startedAt = Instant.now();
    private final AutoCloseable process;
    private final Runnable onExit;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final String words;
    private volatile int exitCode;
    private volatile boolean alive;

    private PlayedContainer(AutoCloseable process, Runnable onExit, boolean alive, int exitCode, String words) {
        this.process = process;
        this.onExit = onExit;
        this.alive = alive;
        this.exitCode = exitCode;
        this.words = words;
    }

    static PlayedContainer start(PodRuntime runtime, Pod pod, Runnable onExit) {
        try {
            return new PlayedContainer(runtime.start(pod), onExit, true, 0, "");
        } catch (RuntimeException crash) {
            return ended(1, String.valueOf(crash.getMessage()));
        }
    }

    static PlayedContainer ended(int exitCode, String words) {
        return new PlayedContainer(() -> {}, () -> {}, false, exitCode, words);
    }

    @Override
    public Instant startedAt() {
        return startedAt;
    }

    @Override
    public boolean isAlive() {
        return alive;
    }

    @Override
    public int exitCode() {
        return exitCode;
    }

    @Override
    public String terminationMessage() {
        return words;
    }

    @Override
    public void refreshSecrets() {
        // Read by envFrom alone, when it starts.
    }

    @Override
    public void terminate(Pod pod) {
        if (stopping.compareAndSet(false, true)) {
            Thread.ofVirtual().start(() -> stop(0));
        }
    }

    @Override
    public void kill() {
        if (stopping.compareAndSet(false, true)) {
            stop(TERMINATED);
        }
    }

    private void stop(int code) {
        try {
            process.close();
            exitCode = code;
        } catch (Exception e) {
            exitCode = 1;
        } finally {
            alive = false;
            onExit.run();
        }
    }

    @Override
    public void close() {
        kill();
    }
}
