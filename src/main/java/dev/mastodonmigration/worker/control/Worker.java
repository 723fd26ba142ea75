package dev.mastodonmigration.worker.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs one task in this process: progress on the pod's address, the report to the termination message, the outcome as exit code. */
public final class Worker {
    /** Exit code of a task that was refused: another try cannot help, which a Job's podFailurePolicy is told. */
    public static final int REFUSED = 2;
    private static final int DEFAULT_PORT = 8089;

    private Worker() {}

    /**
     * Runs the task named by the arguments.
     *
     * @return 0 succeeded, 1 may be tried again, 2 refused for good, 64 wrong usage
     */
    public static int run(List<String> args, Map<String, String> env) {
        var task = args.size() == 1 ? Tasks.ALL.get(args.getFirst()) : null;
        if (task == null) {
            System.err.println("usage: worker <task>, where task is one of " + Tasks.ALL.keySet().stream().sorted().toList());
            return 64;
        }
        var report = run(task, env);
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

    /** The pod and the JVM are there before the source is stopped; without the operator's word nothing happens. */
    private static void standBy(WorkerTask task, WorkerContext context) throws Exception {
        task.standBy(context);
        context.progress().set(Progress.Reading.STANDING_BY);
        context.drain().await();
        context.progress().set(Progress.Reading.NONE);
    }

    static WorkerReport run(WorkerTask task, Map<String, String> env) {
        try {
            var context = WorkerContext.of(env);
            var port = Integer.parseInt(env.getOrDefault(WorkerContext.ENV_PORT, String.valueOf(DEFAULT_PORT)));
            try (var server = new ProgressServer(env.getOrDefault(WorkerContext.ENV_POD_IP, "127.0.0.1"), port,
                    context.secret(WorkerContext.PROGRESS_TOKEN), context.progress(), context.drain())) {
                if (Boolean.parseBoolean(env.get(WorkerContext.ENV_STANDBY))) {
                    standBy(task, context);
                }
                return task.run(context);
            }
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
