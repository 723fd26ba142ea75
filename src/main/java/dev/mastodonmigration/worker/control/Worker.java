package dev.mastodonmigration.worker.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Runs one task in this process: progress on the pod's address, the outcome as exit code. The report goes to the termination message first, so that
 * nothing is lost with the process, and is then served until the operator has it: that takes milliseconds, and a pod's status seconds.
 */
public final class Worker {
    /** Exit code of a task that was refused: another try cannot help, which a Job's podFailurePolicy is told. */
    public static final int REFUSED = 2;
    private static final int DEFAULT_PORT = 8089;
    /** An operator asks several times a second while it waits for a task; one that does not is gone, and reads the termination message later. */
    private static final Duration UNHEARD = Duration.ofSeconds(10);

    private Worker() {}

    /**
     * Runs a task to its end.
     *
     * @return 0 succeeded, 1 may be tried again, 2 refused for good
     */
    public static int run(String name, WorkerTask task, Map<String, String> env) {
        var words = new FinalReport();
        WorkerContext context;
        ProgressServer server;
        try {
            context = WorkerContext.of(env);
            server = server(context, env, words);
        } catch (IOException | IllegalArgumentException e) {
            System.err.println(Redaction.trace(e));
            return leave(WorkerReport.retryable(Redaction.of(e)), env);
        }
        try (server; var log = ProgressLog.of(name, context.progress())) {
            var report = Boolean.parseBoolean(env.get(WorkerContext.ENV_STANDBY)) ? attemptOnStandby(task, context) : attempt(task, context);
            var code = leave(report, env);
            untilHeard(words, report, code);
            return code;
        }
    }

    private static ProgressServer server(WorkerContext context, Map<String, String> env, FinalReport words) throws IOException {
        return new ProgressServer(env.getOrDefault(WorkerContext.ENV_POD_IP, "127.0.0.1"),
                Integer.parseInt(env.getOrDefault(WorkerContext.ENV_PORT, String.valueOf(DEFAULT_PORT))),
                context.secret(WorkerContext.PROGRESS_TOKEN), context.progress(), context.drain(), words);
    }

    /** Writes the termination message; answers the exit code. */
    private static int leave(WorkerReport report, Map<String, String> env) {
        System.out.println(report.toJson());
        try {
            Files.writeString(Path.of(env.getOrDefault(WorkerContext.ENV_TERMINATION_LOG, "/dev/termination-log")), report.toJson());
        } catch (IOException e) {
            System.err.println("cannot write the termination message: " + e.getMessage());
            return 1;
        }
        return switch (report.outcome()) {
            case SUCCEEDED -> 0;
            case RETRYABLE -> 1;
            case REFUSED -> REFUSED;
        };
    }

    /** A SIGTERM ends the wait at once, and must not turn a task that succeeded into a pod that failed: the JVM's own exit code would be 143. */
    private static void untilHeard(FinalReport words, WorkerReport report, int code) {
        var hook = new Thread(() -> Runtime.getRuntime().halt(code), "ending with the report's exit code");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            words.say(report);
            words.awaitAcknowledgement(UNHEARD);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            forget(hook);
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook runs already, which is what it is there for.
            hook.setName("ended with the report's exit code");
        }
    }

    /** The pod and the JVM are there before the source is stopped; without the operator's word nothing happens. */
    private static void standBy(WorkerTask task, WorkerContext context) throws Exception {
        task.standBy(context);
        WorkerReport.prepare();
        context.progress().set(Progress.Reading.STANDING_BY);
        context.drain().await();
        context.progress().set(Progress.Reading.NONE);
    }

    private static WorkerReport attemptOnStandby(WorkerTask task, WorkerContext context) {
        return attempt(same -> {
            standBy(task, same);
            return task.run(same);
        }, context);
    }

    /** Runs a task here and now; whatever it throws becomes its report. */
    public static WorkerReport attempt(WorkerTask task, WorkerContext context) {
        try {
            return task.run(context);
        } catch (Refusal refusal) {
            return WorkerReport.refused(Redaction.strike(refusal.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return WorkerReport.retryable("interrupted");
        } catch (Exception e) {
            System.err.println(Redaction.trace(e));
            return WorkerReport.retryable(Redaction.of(e));
        }
    }
}
