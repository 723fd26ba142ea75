package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.dsl.Watchable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Plays what stands behind the API server in a cluster: the controllers of Jobs, ReplicaSets and Deployments, scheduler and kubelet, with Jobs as local
 * processes of the packaged program. The namespace enforces the restricted Pod Security Standard.
 */
public final class JobRunner implements AutoCloseable {
    /** Whatever changes or falls due wakes us; this is for a Job's deadline and for what was refused. */
    private static final long RESYNC_MILLIS = 2000;
    private static final String QUOTA = "pods";

    private final KubernetesClient client;
    private final String namespace;
    private final TemporaryDirectory directory = TemporaryDirectory.create("jobs-");
    private final Semaphore wake = new Semaphore(0);
    private final Set<String> violations = new ConcurrentSkipListSet<>();
    private final List<Consumer<Pod>> podListeners = new CopyOnWriteArrayList<>();
    private final AtomicInteger addresses = new AtomicInteger();
    private final String subnet = "127." + ThreadLocalRandom.current().nextInt(10, 250) + "." + ThreadLocalRandom.current().nextInt(0, 250) + ".";
    private final PodFaults faults;
    private final JobController jobs;
    private final ClusterNetwork network;
    private final Kubelet kubelet;
    private final ReplicaSetController sets;
    private final DeploymentController deployments;
    private final List<Watch> watches;
    private final Thread loop = Thread.ofPlatform().daemon().name("job-runner").unstarted(this::run);
    private volatile boolean closed;

    private JobRunner(KubernetesClient client, String namespace, ClusterSettings settings, Optional<Path> hosts) {
        this.client = client;
        this.namespace = namespace;
        this.faults = new PodFaults(wake::release);
        settings.faults().forEach(fault -> fault.accept(faults));
        var timing = new Timing(settings, wake::release);
        this.jobs = new JobController(client, timing, violations::add);
        this.network = new ClusterNetwork(hosts.orElseGet(() -> directory.resolve("hosts")), this::newAddress);
        this.kubelet = new Kubelet(client, directory.path(), timing, wake::release, faults, new PodAddresses(this::newAddress, network.hosts()), pod -> podListeners.forEach(listener -> listener.accept(pod)));
        this.sets = new ReplicaSetController(client, timing, violations::add);
        this.deployments = new DeploymentController(client, timing, sets);
        client.resource(new NamespaceBuilder().withNewMetadata().withName(namespace).addToLabels(Admission.ENFORCE, "restricted").endMetadata().build()).createOr(NonDeletingOperation::update);
        settings.podQuota().ifPresent(this::podQuota);
        this.watches = List.of(
                watch(client.batch().v1().jobs().inNamespace(namespace)),
                watch(client.pods().inNamespace(namespace)),
                watch(client.apps().deployments().inNamespace(namespace)),
                watch(client.apps().replicaSets().inNamespace(namespace)),
                watch(client.secrets().inNamespace(namespace)),
                watch(client.services().inNamespace(namespace)));
    }

    /** With everything at once. */
    public static JobRunner start(KubernetesClient client, String namespace) {
        return start(client, namespace, ClusterSettings.fast());
    }

    public static JobRunner start(KubernetesClient client, String namespace, ClusterSettings settings) {
        return start(client, namespace, settings, Optional.empty());
    }

    /** @param hosts file in which names of Services are written down; empty for one that only pods know */
    static JobRunner start(KubernetesClient client, String namespace, ClusterSettings settings, Optional<Path> hosts) {
        var runner = new JobRunner(client, namespace, settings, hosts);
        runner.loop.start();
        return runner;
    }

    /** What is wrong with pods; to be changed at any time. */
    public PodFaults faults() {
        return faults;
    }

    /** From here on the namespace may have so many pods that are not over; replaces the quota that it has. */
    public void podQuota(int pods) {
        client.resource(new ResourceQuotaBuilder().withNewMetadata().withName(QUOTA).withNamespace(namespace).endMetadata()
                .withNewSpec().addToHard("pods", new Quantity(String.valueOf(pods))).endSpec().build()).createOr(NonDeletingOperation::update);
    }

    public void liftPodQuota() {
        client.resourceQuotas().inNamespace(namespace).withName(QUOTA).delete();
        wake.release();
    }

    private String newAddress() {
        return subnet + (1 + addresses.getAndIncrement() % 250);
    }

    /** Where that Service is reached; empty before it is there. */
    Optional<String> service(String name) {
        return network.address(name);
    }

    /** What plays pods that belong to no Job. */
    void runtime(PodRuntime runtime) {
        kubelet.runtime(runtime);
    }

    /** Called in the runner's thread when a pod's process has started, with the pod as stored. */
    public void onPodStarted(Consumer<Pod> listener) {
        podListeners.add(listener);
    }

    /** What a real cluster would have refused so far, each with the object's name. */
    public List<String> violations() {
        return List.copyOf(violations);
    }

    /** Names of pods whose process runs now. */
    public List<String> running() {
        return kubelet.running().stream().map(PodProcess::podName).sorted().toList();
    }

    /** SIGKILL to the running pods of Jobs with such a name; gives how many there were. */
    public int kill(Predicate<String> jobName) {
        return killAll(process -> jobName.test(process.jobName()));
    }

    /** The kernel kills the running pods of Jobs with such a name because they use too much memory; gives how many there were. */
    public int outOfMemory(Predicate<String> jobName) {
        var killed = kubelet.running().stream().filter(process -> jobName.test(process.jobName())).toList();
        killed.forEach(PodProcess::killOutOfMemory);
        return killed.size();
    }

    /** SIGKILL to that pod's process; gives whether it ran. */
    public boolean killPod(String name) {
        return killAll(process -> process.podName().equals(name)) > 0;
    }

    /** What a running pod's process has used of the processors so far; empty when none runs. */
    public Optional<Duration> processorTime(String podName) {
        return kubelet.running().stream().filter(process -> process.podName().equals(podName)).findFirst().map(PodProcess::processorTime);
    }

    private int killAll(Predicate<PodProcess> chosen) {
        var killed = kubelet.running().stream().filter(chosen).toList();
        killed.forEach(PodProcess::kill);
        return killed.size();
    }

    /** Drains the node: evicts every pod that is on it and not over. */
    public void drainNode() {
        pods().stream().filter(pod -> pod.getSpec().getNodeName() != null && !Kubelet.isTerminal(pod) && !Kubelet.isDeleted(pod)).forEach(pod -> evict(pod.getMetadata().getName()));
    }

    /** Evicts a pod as a node drain does: condition DisruptionTarget, then a graceful deletion. */
    public void evict(String podName) {
        var pod = client.pods().inNamespace(namespace).withName(podName);
        while (true) {
            var current = pod.get();
            if (current == null) {
                return;
            }
            current.getStatus().getConditions().add(new PodConditionBuilder().withType("DisruptionTarget").withStatus("True")
                    .withReason("EvictionByEvictionAPI").withMessage("Eviction API: evicting")
                    .withLastTransitionTime(Kubelet.time(Instant.now())).build());
            try {
                client.resource(current).updateStatus();
                pod.delete();
                return;
            } catch (KubernetesClientException changedMeanwhile) {
                if (changedMeanwhile.getCode() != 409) {
                    throw changedMeanwhile;
                }
            }
        }
    }

    /** Where that PersistentVolumeClaim keeps its files, as long as the runner lives. */
    public Path claim(String name) {
        return kubelet.claim(name);
    }

    /** What the pod's process printed, as long as the runner lives. */
    public String log(String podName) {
        try {
            var file = directory.resolve(podName + ".log");
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The ends of the logs that were written last, for the reader of a failed run. */
    public String lastLogs(int pods, int lines) {
        try (var logs = Files.list(directory.path())) {
            var text = new StringBuilder();
            for (var log : logs.filter(Files::isRegularFile).sorted(Comparator.comparing((Path file) -> file.toFile().lastModified()).reversed()).limit(pods).toList()) {
                var all = Files.readAllLines(log);
                text.append(log.getFileName()).append(":\n  ").append(String.join("\n  ", all.subList(Math.max(0, all.size() - lines), all.size()))).append('\n');
            }
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void run() {
        while (!closed) {
            try {
                wake.tryAcquire(RESYNC_MILLIS, TimeUnit.MILLISECONDS);
                wake.drainPermits();
                if (!closed) {
                    sync();
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                if (!closed) {
                    violations.add("the job runner itself failed: " + e);
                }
            }
        }
    }

    private void sync() {
        kubelet.sync(pods());
        var pods = pods();
        jobs.sync(client.batch().v1().jobs().inNamespace(namespace).list().getItems(), pods);
        // What the Job controller changed are pods of Jobs, which the others leave alone.
        deployments.sync(client.apps().deployments().inNamespace(namespace).list().getItems(), replicaSets(), pods);
        sets.sync(replicaSets(), pods);
        network.sync(client.services().inNamespace(namespace).list().getItems(), pods);
    }

    private List<ReplicaSet> replicaSets() {
        return client.apps().replicaSets().inNamespace(namespace).list().getItems();
    }

    private List<Pod> pods() {
        return client.pods().inNamespace(namespace).list().getItems();
    }

    private <T> Watch watch(Watchable<T> resources) {
        return resources.watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, T object) {
                wake.release();
            }

            @Override
            public void onClose(WatcherException cause) {
                wake.release();
            }
        });
    }

    @Override
    public void close() {
        closed = true;
        loop.interrupt();
        try {
            loop.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        watches.forEach(Watch::close);
        kubelet.close();
        network.close();
        directory.close();
    }
}
