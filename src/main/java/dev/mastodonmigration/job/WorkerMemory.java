package dev.mastodonmigration.job;

import dev.mastodonmigration.worker.control.Tasks;
import java.util.Set;

/**
 * How much memory a worker's pod gets, and its JVM in it: pg_dump, thread stacks and the kernel need the rest. The heap is given as a size, because the
 * image's command line has a percentage, which would win over one given here.
 *
 * @param limit      as a Kubernetes quantity
 * @param jvmOptions as {@code JAVA_TOOL_OPTIONS} wants them
 */
public record WorkerMemory(String limit, String jvmOptions) {
    private static final Set<String> LIVE_POSTGRES = Set.of(Tasks.REPLICATE_POSTGRES, Tasks.REHEARSE_LIVE_POSTGRES);

    public static WorkerMemory of(String task) {
        if (LIVE_POSTGRES.contains(task)) {
            // One row of 100 MB at a time, in an old generation that can hold it next to what it replaces. The work is the databases': compiling more than once costs more than it gives.
            return new WorkerMemory("512Mi", "-XX:+UseSerialGC -Xmx320m -Xmn32m -XX:TieredStopAtLevel=1");
        }
        if (task.endsWith("-redis")) {
            // Batches of keys die young; without room to, they fill the old generation, which the JVM enlarges to all that it may have before it cleans up.
            return new WorkerMemory("1Gi", "-XX:+UseSerialGC -Xmx400m -Xmn48m");
        }
        return new WorkerMemory("1Gi", "-XX:+UseSerialGC -Xmx400m");
    }
}
