package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Runs the pods of the API server as local processes and writes what became of them, as a scheduler and a node's kubelet do. */
final class Kubelet implements AutoCloseable {
    static final String PENDING = "Pending";
    static final String RUNNING = "Running";
    static final String SUCCEEDED = "Succeeded";
    static final String FAILED = "Failed";

    private final KubernetesClient client;
    private final Path logs;
    private final Timing timing;
    private final Runnable wake;
    private final PodFaults faults;
    private final PodAddresses addresses;
    private final Consumer<Pod> started;
    private final ClusterEvents events;
    private final Map<String, NodePod> pods = new ConcurrentHashMap<>();
    private volatile PodRuntime runtime = PodRuntime.IDLE;

    Kubelet(KubernetesClient client, Path logs, Timing timing, Runnable wake, PodFaults faults, PodAddresses addresses, Consumer<Pod> started) {
        this.client = client;
        this.logs = logs;
        this.timing = timing;
        this.wake = wake;
        this.faults = faults;
        this.addresses = addresses;
        this.started = started;
        this.events = new ClusterEvents(client, "kubelet");
    }

    void runtime(PodRuntime newRuntime) {
        runtime = newRuntime;
    }

    void sync(Collection<Pod> all) {
        var known = new HashSet<String>();
        for (var pod : all) {
            known.add(pod.getMetadata().getUid());
            pods.computeIfAbsent(pod.getMetadata().getUid(), uid -> new NodePod(this)).sync(pod);
        }
        pods.entrySet().removeIf(entry -> {
            if (known.contains(entry.getKey())) {
                return false;
            }
            entry.getValue().close();
            return true;
        });
    }

    KubernetesClient client() {
        return client;
    }

    Timing timing() {
        return timing;
    }

    PodFaults faults() {
        return faults;
    }

    ClusterEvents events() {
        return events;
    }

    String newAddress() {
        return addresses.fresh().get();
    }

    void tellStarted(Pod pod) {
        started.accept(pod);
    }

    void tellReady(Pod pod) {
        if (!isOurs(pod)) {
            runtime.ready(pod);
        }
    }

    RunningContainer start(Pod pod, PodFiles files) {
        return isOurs(pod) ? PodProcess.start(pod, files, addresses.hosts(), name -> secret(pod, name), logs.resolve(pod.getMetadata().getName() + ".log"), wake) : PlayedContainer.start(runtime, pod, wake);
    }

    /** Runs as a process: a Job's, or one of the packaged program, whose container names no command of its own. */
    private static boolean isOurs(Pod pod) {
        return pod.getMetadata().getLabels() != null && pod.getMetadata().getLabels().containsKey(JobController.JOB_NAME_LABEL) || isEdge(pod);
    }

    static boolean isEdge(Pod pod) {
        return pod.getSpec().getContainers().getFirst().getArgs().equals(List.of("edge"));
    }

    Optional<Secret> secret(Pod pod, String name) {
        return Optional.ofNullable(client.secrets().inNamespace(pod.getMetadata().getNamespace()).withName(name).get());
    }

    boolean hasClaim(Pod pod, String name) {
        return client.persistentVolumeClaims().inNamespace(pod.getMetadata().getNamespace()).withName(name).get() != null;
    }

    /** Where that PersistentVolumeClaim keeps its files, for as long as the runner lives. */
    Path claim(String name) {
        return logs.resolve("claims").resolve(name);
    }

    /** Processes of Jobs, and of the edge, that run now. */
    List<PodProcess> running() {
        return pods.values().stream().flatMap(pod -> pod.container().stream()).filter(PodProcess.class::isInstance).map(PodProcess.class::cast).filter(PodProcess::isAlive).toList();
    }

    static boolean isTerminal(Pod pod) {
        return pod.getStatus() != null && (SUCCEEDED.equals(pod.getStatus().getPhase()) || FAILED.equals(pod.getStatus().getPhase()));
    }

    static boolean isDeleted(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    static boolean isReady(Pod pod) {
        return pod.getStatus() != null && pod.getStatus().getConditions().stream().anyMatch(condition -> condition.getType().equals("Ready") && condition.getStatus().equals("True"));
    }

    /** Kubernetes writes times in whole seconds. */
    static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    @Override
    public void close() {
        pods.values().forEach(NodePod::close);
        pods.clear();
    }
}
