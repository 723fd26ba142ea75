package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** The one container of a pod, run as a local process in the environment that the pod names and no other. */
final class PodProcess implements AutoCloseable {
    private static final List<String> SMALL_JVM = List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
    private static final long DEFAULT_GRACE_SECONDS = 30;

    private final PodFiles files;
    private final LocalProcess process;
    private final Instant startedAt = Instant.now();
    private final AtomicBoolean terminating = new AtomicBoolean();
    private final String podName;
    private final String jobName;

    private PodProcess(Pod pod, PodFiles files, LocalProcess process) {
        this.podName = pod.getMetadata().getName();
        this.jobName = pod.getMetadata().getLabels().getOrDefault(JobController.JOB_NAME_LABEL, "");
        this.files = files;
        this.process = process;
    }

    /**
     * Starts the pod's container.
     *
     * @param secrets by name, in the pod's namespace
     * @throws IllegalArgumentException when the container asks for something that is not played here
     */
    static PodProcess start(Pod pod, PodFiles files, Function<String, Optional<Secret>> secrets, Path log, Runnable onExit) {
        var container = pod.getSpec().getContainers().getFirst();
        var process = LocalProcess.start(command(container, environment(pod, container, files, secrets), files), Map.of(), log);
        Thread.ofVirtual().start(() -> {
            process.waitFor();
            onExit.run();
        });
        return new PodProcess(pod, files, process);
    }

    private static List<String> command(Container container, Map<String, String> environment, PodFiles files) {
        var args = container.getArgs().stream().map(files::here).toList();
        var program = container.getCommand().isEmpty()
                ? PackagedJar.command(concat(SMALL_JVM, List.of("-Djava.io.tmpdir=" + files.here("/tmp"))), args)
                : container.getCommand().getFirst().equals(Tootctl.NAME) ? Tootctl.command(SMALL_JVM, concat(container.getCommand(), args))
                : SmokeTestStandIn.plays(container.getCommand()) ? SmokeTestStandIn.command(SMALL_JVM, container.getCommand(), container.getImage())
                : concat(container.getCommand().stream().map(files::here).toList(), args);
        var command = new ArrayList<>(List.of("env", "-i", "PATH=" + System.getenv("PATH"), "LANG=C.UTF-8"));
        environment.forEach((name, value) -> command.add(name + "=" + value));
        command.addAll(program);
        return command;
    }

    private static Map<String, String> environment(Pod pod, Container container, PodFiles files, Function<String, Optional<Secret>> secrets) {
        if (!container.getEnvFrom().isEmpty() && container.getCommand().isEmpty()) {
            throw new IllegalArgumentException("a worker gets its credentials as files, not by envFrom");
        }
        var environment = new LinkedHashMap<String, String>();
        for (var source : container.getEnvFrom()) {
            var name = source.getSecretRef().getName();
            environment.putAll(LiveInstance.decode(secrets.apply(name).orElseThrow(() -> new IllegalArgumentException("secret \"" + name + "\" not found"))));
        }
        for (var variable : container.getEnv()) {
            environment.put(variable.getName(), files.here(value(pod, variable)));
        }
        environment.put("HOSTNAME", Optional.ofNullable(pod.getSpec().getHostname()).orElse(pod.getMetadata().getName()));
        environment.put("TERMINATION_LOG", files.terminationLog());
        environment.put("TMPDIR", files.here("/tmp"));
        return environment;
    }

    private static String value(Pod pod, EnvVar variable) {
        if (variable.getValueFrom() == null) {
            return Optional.ofNullable(variable.getValue()).orElse("");
        }
        var field = variable.getValueFrom().getFieldRef();
        return switch (field == null ? "" : field.getFieldPath()) {
            case "status.podIP" -> pod.getStatus().getPodIP();
            case "metadata.name" -> pod.getMetadata().getName();
            case "metadata.namespace" -> pod.getMetadata().getNamespace();
            case "metadata.labels['" + JobTally.INDEX + "']" -> pod.getMetadata().getLabels().get(JobTally.INDEX);
            default -> throw new IllegalArgumentException("environment variable " + variable.getName() + " has a source that is not played here");
        };
    }

    private static List<String> concat(List<String> first, List<String> second) {
        var all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    String podName() {
        return podName;
    }

    String jobName() {
        return jobName;
    }

    PodFiles files() {
        return files;
    }

    Instant startedAt() {
        return startedAt;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    int exitCode() {
        return process.waitFor();
    }

    /** SIGTERM now, SIGKILL when the pod's grace period is over; returns at once, and acts once. */
    void terminate(Pod pod) {
        if (terminating.compareAndSet(false, true)) {
            var grace = Optional.ofNullable(pod.getSpec().getTerminationGracePeriodSeconds()).orElse(DEFAULT_GRACE_SECONDS);
            Thread.ofVirtual().start(() -> endTree(() -> process.stop(grace)));
        }
    }

    /** SIGKILL to all of the container, as when the kernel runs out of memory. */
    void kill() {
        endTree(process::kill);
    }

    /** A container's end is the end of its children too. */
    private void endTree(Runnable end) {
        var children = ProcessHandle.of(process.pid()).stream().flatMap(ProcessHandle::descendants).toList();
        end.run();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public void close() {
        if (isAlive()) {
            kill();
        }
        files.close();
    }
}
