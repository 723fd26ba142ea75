package dev.mastodonmigration.e2e;

import dev.mastodonmigration.embedded.World;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Kills the first worker of each of some tasks once it has used so much processor time, which other work on the machine delays as it delays the worker. */
final class WorkerKiller {
    private static final long LOOK_MILLISECONDS = 5;

    private final Set<String> killed = ConcurrentHashMap.newKeySet();

    /** @param after processor time by task, the start of the JVM included */
    static WorkerKiller of(World world, Collection<String> tasks, Function<String, Duration> after) {
        var killer = new WorkerKiller();
        Set<String> started = ConcurrentHashMap.newKeySet();
        world.jobRunner().onPodStarted(pod -> {
            var job = pod.getMetadata().getLabels().getOrDefault("batch.kubernetes.io/job-name", "");
            tasks.stream().filter(task -> job.contains("-" + task + "-") && started.add(task)).forEach(task -> {
                var midWay = after.apply(task);
                Thread.ofPlatform().daemon().name("killer of " + task).start(() -> killer.kill(world, task, pod.getMetadata().getName(), midWay));
            });
        });
        return killer;
    }

    /** Tasks of which a worker was killed. */
    Set<String> killed() {
        return Set.copyOf(killed);
    }

    private void kill(World world, String task, String pod, Duration midWay) {
        try {
            for (var used = world.jobRunner().processorTime(pod); used.isPresent(); used = world.jobRunner().processorTime(pod)) {
                if (used.get().compareTo(midWay) >= 0) {
                    if (world.jobRunner().killPod(pod)) {
                        killed.add(task);
                    }
                    return;
                }
                Thread.sleep(LOOK_MILLISECONDS);
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
