package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
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

/** Runs the pods of the API server as local processes and writes what became of them, as a node's kubelet does. */
final class Kubelet implements AutoCloseable {
    static final String PENDING = "Pending";
    static final String RUNNING = "Running";
    static final String SUCCEEDED = "Succeeded";
    static final String FAILED = "Failed";

    private final KubernetesClient client;
    private final Path logs;
    private final Runnable wake;
    private final Consumer<Pod> started;
    private final Map<String, PodProcess> processes = new ConcurrentHashMap<>();

    Kubelet(KubernetesClient client, Path logs, Runnable wake, Consumer<Pod> started) {
        this.client = client;
        this.logs = logs;
        this.wake = wake;
        this.started = started;
    }

    void sync(Collection<Pod> pods) {
        var known = new HashSet<String>();
        for (var pod : pods) {
            known.add(pod.getMetadata().getUid());
            sync(pod);
        }
        processes.entrySet().removeIf(entry -> {
            if (known.contains(entry.getKey())) {
                return false;
            }
            entry.getValue().close();
            return true;
        });
    }

    private void sync(Pod pod) {
        var process = processes.get(pod.getMetadata().getUid());
        if (isTerminal(pod)) {
            Optional.ofNullable(processes.remove(pod.getMetadata().getUid())).ifPresent(PodProcess::close);
        } else if (process == null) {
            if (isDeleted(pod)) {
                write(pod, FAILED, new ContainerState(), "deleted before it started");
            } else {
                start(pod);
            }
        } else if (!process.isAlive()) {
            finish(pod, process);
        } else if (isDeleted(pod)) {
            process.terminate(pod);
        } else {
            process.files().refreshSecrets(name -> secret(pod, name));
        }
    }

    private void start(Pod pod) {
        var files = new PodFiles(pod.getSpec(), pod.getSpec().getContainers().getFirst());
        var missing = files.refreshSecrets(name -> secret(pod, name));
        if (!missing.isEmpty()) {
            files.close();
            waiting(pod, String.join(", ", missing));
            return;
        }
        try {
            var process = PodProcess.start(pod, files, name -> secret(pod, name), logs.resolve(pod.getMetadata().getName() + ".log"), wake);
            processes.put(pod.getMetadata().getUid(), process);
            var running = new ContainerStateBuilder().withNewRunning().withStartedAt(time(process.startedAt())).endRunning().build();
            started.accept(write(pod, RUNNING, running, ""));
        } catch (IllegalArgumentException notPlayed) {
            files.close();
            write(pod, FAILED, new ContainerState(), notPlayed.getMessage());
        }
    }

    private void waiting(Pod pod, String message) {
        var before = pod.getStatus().getContainerStatuses().stream().findFirst().map(s -> s.getState().getWaiting()).map(w -> w.getMessage());
        if (before.filter(message::equals).isEmpty()) {
            write(pod, PENDING, new ContainerStateBuilder().withNewWaiting().withReason("CreateContainerConfigError").withMessage(message).endWaiting().build(), "");
        }
    }

    private void finish(Pod pod, PodProcess process) {
        var code = process.exitCode();
        var ended = new ContainerStateBuilder().withNewTerminated()
                .withExitCode(code).withReason(code == 0 ? "Completed" : "Error").withMessage(process.files().terminationMessage())
                .withStartedAt(time(process.startedAt())).withFinishedAt(time(Instant.now())).endTerminated().build();
        write(pod, code == 0 ? SUCCEEDED : FAILED, ended, "");
    }

    private Pod write(Pod pod, String phase, ContainerState state, String message) {
        var status = new PodStatusBuilder(pod.getStatus()).withPhase(phase)
                .withContainerStatuses(new ContainerStatusBuilder()
                        .withName(pod.getSpec().getContainers().getFirst().getName()).withState(state).withRestartCount(0)
                        .withReady(phase.equals(RUNNING)).withStarted(phase.equals(RUNNING))
                        .withImage(pod.getSpec().getContainers().getFirst().getImage()).build());
        if (!message.isEmpty()) {
            status.withMessage(message);
        }
        if (status.getStartTime() == null) {
            status.withStartTime(time(Instant.now()));
        }
        pod.setStatus(status.build());
        return Writes.status(client, pod);
    }

    private Optional<Secret> secret(Pod pod, String name) {
        return Optional.ofNullable(client.secrets().inNamespace(pod.getMetadata().getNamespace()).withName(name).get());
    }

    /** Processes that run now. */
    List<PodProcess> running() {
        return processes.values().stream().filter(PodProcess::isAlive).toList();
    }

    static boolean isTerminal(Pod pod) {
        return SUCCEEDED.equals(pod.getStatus().getPhase()) || FAILED.equals(pod.getStatus().getPhase());
    }

    static boolean isDeleted(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    /** Kubernetes writes times in whole seconds. */
    static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    @Override
    public void close() {
        processes.values().forEach(PodProcess::close);
        processes.clear();
    }
}
