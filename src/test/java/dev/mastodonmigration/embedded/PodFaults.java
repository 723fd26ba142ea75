package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What is wrong with pods, from now on and until it is {@link #healed}. Pods are named by a part of their name, such as {@code -web-} or a worker's task. */
public final class PodFaults {
    static final int OUT_OF_MEMORY = 137;

    /** How a container ends at once, instead of running. */
    record End(int exitCode, String words) {}

    private final Set<String> unpullable = ConcurrentHashMap.newKeySet();
    private final Set<String> unschedulable = ConcurrentHashMap.newKeySet();
    private final Map<String, End> ending = new ConcurrentHashMap<>();
    private final Runnable changed;

    PodFaults(Runnable changed) {
        this.changed = changed;
    }

    /** The registry has no such image: ErrImagePull, then ImagePullBackOff. */
    public void unpullable(String image) {
        unpullable.add(image);
    }

    /** Their container ends with exit code 1 as soon as it starts: under a Deployment, CrashLoopBackOff. */
    public void crashing(String pods) {
        ending(pods, 1, "");
    }

    /** Their container ends at once with this exit code, and these words as its termination message. */
    public void ending(String pods, int exitCode, String words) {
        ending.put(pods, new End(exitCode, words));
    }

    /** Their container is killed at once because it uses too much memory: OOMKilled. */
    public void outOfMemory(String pods) {
        ending(pods, OUT_OF_MEMORY, "");
    }

    /** No node has room for them. */
    public void unschedulable(String pods) {
        unschedulable.add(pods);
    }

    /** Ends what was said of this image or of these pods. */
    public void healed(String imageOrPods) {
        unpullable.remove(imageOrPods);
        unschedulable.remove(imageOrPods);
        ending.remove(imageOrPods);
        changed.run();
    }

    boolean isUnpullable(String image) {
        return unpullable.contains(image);
    }

    boolean isUnschedulable(Pod pod) {
        return unschedulable.stream().anyMatch(pod.getMetadata().getName()::contains);
    }

    Optional<End> end(Pod pod) {
        return ending.entrySet().stream().filter(entry -> pod.getMetadata().getName().contains(entry.getKey())).map(Map.Entry::getValue).findFirst();
    }
}
