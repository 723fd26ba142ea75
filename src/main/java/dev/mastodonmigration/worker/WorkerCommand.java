package dev.mastodonmigration.worker;

import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The {@code worker} command: runs the one task that its arguments name, to its end. */
public final class WorkerCommand {
    private static final int WRONG_USAGE = 64;

    private WorkerCommand() {}

    /**
     * Runs the task named by the arguments.
     *
     * @return 0 succeeded, 1 may be tried again, 2 refused for good, 64 wrong usage
     */
    public static int run(List<String> args, Map<String, String> environment) {
        var task = args.size() == 1 ? new TaskRegistry().find(args.getFirst(), environment) : Optional.<WorkerTask>empty();
        if (task.isEmpty()) {
            System.err.println("usage: worker <task>, where task is one of " + TaskRegistry.all(environment).keySet().stream().sorted().toList());
            return WRONG_USAGE;
        }
        return Worker.run(args.getFirst(), task.get(), environment);
    }
}
