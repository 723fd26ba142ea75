package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimVolumeSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/** One pod on its way over the node: bound, waiting for image and Secrets, running, ended, started again. Each look takes it one step on and reports it. */
final class NodePod implements AutoCloseable {
    private static final String NODE = "node-1";
    private static final Duration NEXT_LOOK = Duration.ofMillis(300);
    private static final Duration NEXT_PULL = Duration.ofSeconds(1);
    /** Of Kubernetes' 10 s, 20 s, 40 s … a tenth. */
    private static final Duration FIRST_BACK_OFF = Duration.ofSeconds(1);
    private static final int LONGEST_BACK_OFF = 5;

    private final Kubelet node;
    private final NodePodStatus status = new NodePodStatus();
    private Optional<Instant> startAt = Optional.empty();
    private Optional<RunningContainer> container = Optional.empty();
    private Optional<Instant> endShownAt = Optional.empty();
    private Instant readyAt = Instant.MAX;
    private boolean toldStart = true;
    private boolean toldReady;
    private boolean removed;

    NodePod(Kubelet node) {
        this.node = node;
    }

    Optional<RunningContainer> container() {
        return container;
    }

    void sync(Pod pod) {
        if (!Kubelet.isTerminal(pod)) {
            advance(pod);
            report(pod);
        } else {
            close();
            if (Kubelet.isDeleted(pod) && !removed) {
                removed = true;
                node.client().resource(pod).withGracePeriod(0).delete();
            }
        }
    }

    private void advance(Pod pod) {
        if (pod.getSpec().getNodeName() == null) {
            schedule(pod);
        } else if (startAt.isEmpty()) {
            startAt = Optional.of(node.timing().podStart());
            status.waits("ContainerCreating", "");
        } else if (container.isEmpty()) {
            if (Kubelet.isDeleted(pod)) {
                status.over(Kubelet.FAILED, "deleted before it started");
            } else if (Timing.isDue(startAt.get())) {
                start(pod);
            }
        } else {
            look(pod, container.get());
        }
    }

    private void schedule(Pod pod) {
        var absent = pod.getSpec().getVolumes().stream().map(Volume::getPersistentVolumeClaim).filter(Objects::nonNull).map(PersistentVolumeClaimVolumeSource::getClaimName)
                .filter(claim -> !node.hasClaim(pod, claim)).map(claim -> "persistentvolumeclaim \"" + claim + "\" not found").findFirst();
        if (node.faults().isUnschedulable(pod) || absent.isPresent()) {
            var why = absent.orElse(NodePodStatus.NO_NODE);
            status.unschedulable(why);
            node.events().warn(pod, "FailedScheduling", why);
            node.timing().after(NEXT_LOOK);
        } else if (!Kubelet.isDeleted(pod)) {
            pod.getSpec().setNodeName(NODE);
            var bound = Writes.object(node.client(), pod);
            pod.setMetadata(bound.getMetadata());
            if (bound != pod) {
                status.scheduled();
                advance(pod);
            } else {
                pod.getSpec().setNodeName(null);
            }
        }
    }

    private void start(Pod pod) {
        var image = pod.getSpec().getContainers().getFirst().getImage();
        if (node.faults().isUnpullable(image)) {
            pullFails(pod, image);
            return;
        }
        var absent = pod.getSpec().getContainers().getFirst().getEnvFrom().stream().map(EnvFromSource::getSecretRef)
                .filter(secret -> secret != null && !Boolean.TRUE.equals(secret.getOptional()) && node.secret(pod, secret.getName()).isEmpty()).findFirst();
        if (absent.isPresent()) {
            waits("CreateContainerConfigError", "secret \"" + absent.get().getName() + "\" not found");
            return;
        }
        var files = new PodFiles(pod.getSpec(), pod.getSpec().getContainers().getFirst(), node::claim);
        var missing = files.refreshSecrets(name -> node.secret(pod, name));
        if (!missing.isEmpty()) {
            files.close();
            waits("ContainerCreating", "");
            missing.forEach(why -> node.events().warn(pod, "FailedMount", "MountVolume.SetUp failed for volume " + why));
            return;
        }
        run(pod, files);
    }

    private void waits(String reason, String message) {
        status.waits(reason, message);
        startAt = Optional.of(node.timing().after(NEXT_LOOK));
    }

    private void pullFails(Pod pod, String image) {
        var why = "failed to pull and unpack image \"" + image + "\": failed to resolve reference \"" + image + "\": " + image + ": not found";
        if (status.waitsFor("ErrImagePull") || status.waitsFor("ImagePullBackOff")) {
            status.waits("ImagePullBackOff", "Back-off pulling image \"" + image + "\": ErrImagePull: " + why);
            node.events().warn(pod, "BackOff", "Back-off pulling image \"" + image + "\"");
        } else {
            status.waits("ErrImagePull", why);
            node.events().warn(pod, "Failed", "Failed to pull image \"" + image + "\": " + why);
        }
        startAt = Optional.of(node.timing().after(NEXT_PULL));
    }

    private void run(Pod pod, PodFiles files) {
        status.address(node.newAddress());
        status.applyTo(pod);
        try {
            container = Optional.of(node.faults().end(pod).<RunningContainer>map(end -> PlayedContainer.ended(end.exitCode(), end.words())).orElseGet(() -> node.start(pod, files)));
        } catch (IllegalArgumentException notPlayed) {
            files.close();
            status.over(Kubelet.FAILED, notPlayed.getMessage());
            return;
        }
        if (!(container.get() instanceof PodProcess)) {
            files.close();
        }
        status.runs(new ContainerStateBuilder().withNewRunning().withStartedAt(Kubelet.time(container.get().startedAt())).endRunning().build());
        toldStart = false;
        toldReady = false;
        var isProbed = pod.getSpec().getContainers().getFirst().getReadinessProbe() != null;
        readyAt = !container.get().isAlive() ? Instant.MAX : isProbed && !Kubelet.isEdge(pod) ? node.timing().ready() : Instant.now();
        readiness(pod);
    }

    private void look(Pod pod, RunningContainer running) {
        if (!running.isAlive()) {
            end(pod, running);
            return;
        }
        if (Kubelet.isDeleted(pod)) {
            status.unready();
            running.terminate(pod);
            return;
        }
        running.refreshSecrets();
        readiness(pod);
    }

    private void readiness(Pod pod) {
        if (!toldReady && Timing.isDue(readyAt)) {
            if (Kubelet.isEdge(pod) && !ReadinessProbe.answers(pod)) {
                readyAt = node.timing().after(NEXT_LOOK);
                return;
            }
            toldReady = true;
            status.ready();
            node.tellReady(pod);
        }
    }

    private void end(Pod pod, RunningContainer ended) {
        if (endShownAt.isEmpty()) {
            endShownAt = Optional.of(node.timing().status());
        }
        if (!Timing.isDue(endShownAt.get())) {
            return;
        }
        var state = state(ended);
        var policy = Optional.ofNullable(pod.getSpec().getRestartPolicy()).orElse("Always");
        close();
        container = Optional.empty();
        endShownAt = Optional.empty();
        if (Kubelet.isDeleted(pod) || policy.equals("Never") || policy.equals("OnFailure") && ended.exitCode() == 0) {
            status.over(ended.exitCode() == 0 ? Kubelet.SUCCEEDED : Kubelet.FAILED, state);
        } else {
            status.crashed(state);
            startAgain(pod);
        }
    }

    private static ContainerState state(RunningContainer ended) {
        var killed = ended.exitCode() == PodFaults.OUT_OF_MEMORY && (!(ended instanceof PodProcess process) || process.isOutOfMemory());
        var reason = killed ? "OOMKilled" : ended.exitCode() == 0 ? "Completed" : "Error";
        return new ContainerStateBuilder().withNewTerminated().withExitCode(ended.exitCode()).withReason(reason).withMessage(ended.terminationMessage())
                .withStartedAt(Kubelet.time(ended.startedAt())).withFinishedAt(Kubelet.time(Instant.now())).endTerminated().build();
    }

    /** The first time at once, as Kubernetes does; then later and later. */
    private void startAgain(Pod pod) {
        if (status.restarts() > 1) {
            var backOff = FIRST_BACK_OFF.multipliedBy(1L << Math.min(status.restarts() - 2, LONGEST_BACK_OFF));
            var name = pod.getSpec().getContainers().getFirst().getName();
            status.waits("CrashLoopBackOff", "back-off " + backOff.toSeconds() + "s restarting failed container=" + name + " pod=" + pod.getMetadata().getName());
            node.events().warn(pod, "BackOff", "Back-off restarting failed container " + name + " in pod " + pod.getMetadata().getName());
            startAt = Optional.of(node.timing().after(backOff));
        } else {
            startAt = Optional.of(Instant.now());
        }
    }

    /** Written again until it is stored: another one may have written the pod meanwhile. */
    private void report(Pod pod) {
        if (status.applyTo(pod)) {
            Writes.status(node.client(), pod);
        }
        if (!toldStart) {
            toldStart = true;
            node.tellStarted(pod);
        }
    }

    @Override
    public void close() {
        container.ifPresent(RunningContainer::close);
    }
}
