package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** The one container of a pod, run as a local process in the environment that the pod names and no other. */
final class PodProcess implements RunningContainer {
    private static final List<String> SMALL_JVM = List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
    private static final long DEFAULT_GRACE_SECONDS = 30;

    private final PodFiles files;
    private final Function<String, Optional<Secret>> secrets;
    private final LocalProcess process;
    private final Instant startedAt = Instant.now();
    private final AtomicBoolean terminating = new AtomicBoolean();
    private final AtomicBoolean outOfMemory = new AtomicBoolean();
    private final String podName;
    private final String jobName;

    private PodProcess(Pod pod, PodFiles files, Function<String, Optional<Secret>> secrets, LocalProcess process) {
        this.podName = pod.getMetadata().getName();
        this.jobName = pod.getMetadata().getLabels().getOrDefault(JobController.JOB_NAME_LABEL, "");
        this.files = files;
        this.secrets = secrets;
        this.process = process;
    }

    /**
     * Starts the pod's container.
     *
     * @param hosts   file with the names of Services
     * @param secrets by name, in the pod's namespace
     * @throws IllegalArgumentException when the container asks for something that is not played here
     */
    static PodProcess start(Pod pod, PodFiles files, Path hosts, Function<String, Optional<Secret>> secrets, Path log, Runnable onExit) {
        var container = pod.getSpec().getContainers().getFirst();
        var jvm = Kubelet.isEdge(pod) ? concat(SMALL_JVM, inTheCluster(hosts)) : SMALL_JVM;
        var process = LocalProcess.start(command(container, environment(pod, container, files, secrets), files, jvm), Map.of(), log);
        Thread.ofVirtual().start(() -> {
            process.waitFor();
            onExit.run();
        });
        return new PodProcess(pod, files, secrets, process);
    }

    /** It asks for names of Services, which only the cluster's DNS knows, and of which pods come and go. */
    private static List<String> inTheCluster(Path hosts) {
        return List.of("-Djdk.net.hosts.file=" + hosts, "-Dvertx.disableDnsResolver=true", "-Dsun.net.inetaddr.ttl=1", "-Dsun.net.inetaddr.negative.ttl=0");
    }

    private static List<String> command(Container container, Map<String, String> environment, PodFiles files, List<String> jvm) {
        var args = container.getArgs().stream().map(files::here).toList();
        var program = container.getCommand().isEmpty()
                ? PackagedJar.command(concat(jvm, List.of("-Djava.io.tmpdir=" + files.here("/tmp"))), args)
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
            LiveInstance.decode(secrets.apply(name).orElseThrow(() -> new IllegalArgumentException("secret \"" + name + "\" not found"))).forEach((key, value) -> environment.put(key, files.here(value)));
        }
        for (var variable : container.getEnv()) {
            environment.put(variable.getName(), files.here(value(pod, variable, secrets)));
        }
        environment.put("HOSTNAME", Optional.ofNullable(pod.getSpec().getHostname()).orElse(pod.getMetadata().getName()));
        environment.put("TERMINATION_LOG", files.terminationLog());
        environment.put("TMPDIR", files.here("/tmp"));
        return environment;
    }

    private static String value(Pod pod, EnvVar variable, Function<String, Optional<Secret>> secrets) {
        if (variable.getValueFrom() == null) {
            return Optional.ofNullable(variable.getValue()).orElse("");
        }
        var key = variable.getValueFrom().getSecretKeyRef();
        if (key != null) {
            return secrets.apply(key.getName()).map(LiveInstance::decode).map(values -> values.get(key.getKey()))
                    .orElseThrow(() -> new IllegalArgumentException("couldn't find key " + key.getKey() + " in Secret " + key.getName()));
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

    @Override
    public void refreshSecrets() {
        files.refreshSecrets(secrets);
    }

    @Override
    public String terminationMessage() {
        return files.terminationMessage();
    }

    @Override
    public Instant startedAt() {
        return startedAt;
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public int exitCode() {
        return process.waitFor();
    }

    /** What it has used of the processors so far. */
    Duration processorTime() {
        return ProcessHandle.of(process.pid()).flatMap(handle -> handle.info().totalCpuDuration()).orElse(Duration.ZERO);
    }

    /** Whether it was {@link #killOutOfMemory} that ended it. */
    boolean isOutOfMemory() {
        return outOfMemory.get();
    }

    @Override
    public void terminate(Pod pod) {
        if (terminating.compareAndSet(false, true)) {
            var grace = Optional.ofNullable(pod.getSpec().getTerminationGracePeriodSeconds()).orElse(DEFAULT_GRACE_SECONDS);
            Thread.ofVirtual().start(() -> endTree(() -> process.stop(grace)));
        }
    }

    @Override
    public void kill() {
        endTree(process::kill);
    }

    void killOutOfMemory() {
        outOfMemory.set(true);
        kill();
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
