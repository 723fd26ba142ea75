package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A server or worker started for a test or the demo. The kernel ends it when this JVM ends, however that happens
 * ({@code setpriv --pdeathsig}), so that nothing stays behind; it is otherwise stopped by its own process id.
 */
public final class LocalProcess implements AutoCloseable {
    /** The parent-death signal comes when the starting <em>thread</em> ends: so all are started by one that never does. */
    private static final ExecutorService STARTER = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("starter").factory());

    /** The account that servers run as when we are root, because Postgres refuses root. */
    private static final String UNPRIVILEGED = "nobody";

    private final Process process;

    private LocalProcess(Process process) {
        this.process = process;
    }

    /** Starts a command with exactly these variables added to the environment; output is appended to the log file. */
    public static LocalProcess start(List<String> command, Map<String, String> environment, Path log) {
        return start(List.of("setpriv", "--pdeathsig", "KILL"), command, environment, log);
    }

    /** As {@link #start}, but never as root: as the account {@code nobody} when we are root. */
    public static LocalProcess startUnprivileged(List<String> command, Map<String, String> environment, Path log) {
        return start(unprivileged("--pdeathsig", "KILL"), command, environment, log);
    }

    /** Runs a command to its end, never as root. */
    public static void runUnprivileged(List<String> command, Path log) {
        var ended = start(unprivileged("--pdeathsig", "KILL"), command, Map.of(), log);
        if (ended.waitFor() != 0) {
            throw new IllegalStateException(command + " failed:\n" + read(log));
        }
    }

    public static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** Gives a directory to the account that {@link #startUnprivileged} uses. */
    public static void giveToUnprivileged(Path directory) {
        if (isRoot()) {
            try {
                var chown = new ProcessBuilder("chown", "-R", UNPRIVILEGED, directory.toString()).inheritIO().start();
                if (chown.waitFor() != 0) {
                    throw new IllegalStateException("chown " + directory + " failed");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    private static List<String> unprivileged(String... options) {
        var prefix = new ArrayList<>(List.of("setpriv"));
        if (isRoot()) {
            prefix.addAll(List.of("--reuid=" + UNPRIVILEGED, "--regid=nogroup", "--clear-groups"));
        }
        prefix.addAll(List.of(options));
        return prefix;
    }

    private static LocalProcess start(List<String> prefix, List<String> command, Map<String, String> environment, Path log) {
        var line = new ArrayList<>(prefix);
        line.addAll(command);
        try {
            return new LocalProcess(STARTER.submit(() -> {
                var builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
                builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
                builder.environment().putAll(environment);
                return builder.start();
            }).get());
        } catch (ExecutionException e) {
            throw new IllegalStateException("cannot start " + command.getFirst(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public int waitFor() {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** SIGTERM, then SIGKILL after the grace period. */
    public int stop(long graceSeconds) {
        process.destroy();
        try {
            if (!process.waitFor(graceSeconds, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        return waitFor();
    }

    /** Sends a signal by its name, such as STOP. */
    void signal(String name) {
        try {
            var sent = new ProcessBuilder("kill", "-" + name, String.valueOf(pid())).inheritIO().start();
            if (sent.waitFor() != 0) {
                throw new IllegalStateException("kill -" + name + " " + pid() + " failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** SIGKILL: what a crash looks like. */
    public void kill() {
        process.destroyForcibly();
        waitFor();
    }

    @Override
    public void close() {
        stop(10);
    }
}
