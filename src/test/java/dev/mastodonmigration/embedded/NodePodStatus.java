package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a node says of one pod. */
final class NodePodStatus {
    static final String NO_NODE = "0/1 nodes are available: 1 Insufficient memory.";
    private static final List<String> OWN_CONDITIONS = List.of("PodScheduled", "Initialized", "ContainersReady", "Ready");

    private String phase = Kubelet.PENDING;
    private String message = "";
    private String address = "";
    private ContainerState state = new ContainerState();
    private ContainerState last = new ContainerState();
    private Optional<Instant> boundAt = Optional.empty();
    private Optional<String> unschedulable = Optional.empty();
    private Instant readyChangedAt = Instant.now();
    private boolean ready;
    private int restarts;

    /** @param why in the scheduler's words */
    void unschedulable(String why) {
        unschedulable = Optional.of(why);
    }

    void scheduled() {
        unschedulable = Optional.empty();
        boundAt = Optional.of(Instant.now());
    }

    void address(String given) {
        address = given;
    }

    void waits(String reason, String why) {
        boundAt = boundAt.or(() -> Optional.of(Instant.now()));
        state = new ContainerStateBuilder().withNewWaiting().withReason(reason).withMessage(why.isEmpty() ? null : why).endWaiting().build();
    }

    boolean waitsFor(String reason) {
        return state.getWaiting() != null && reason.equals(state.getWaiting().getReason());
    }

    void runs(ContainerState running) {
        phase = Kubelet.RUNNING;
        state = running;
    }

    void ready() {
        ready = true;
        readyChangedAt = Instant.now();
    }

    void unready() {
        if (ready) {
            ready = false;
            readyChangedAt = Instant.now();
        }
    }

    void crashed(ContainerState ended) {
        unready();
        restarts++;
        last = ended;
        state = ended;
    }

    void over(String finalPhase, ContainerState ended) {
        unready();
        phase = finalPhase;
        state = ended;
    }

    void over(String finalPhase, String why) {
        over(finalPhase, new ContainerState());
        message = why;
    }

    int restarts() {
        return restarts;
    }

    /** Puts it into the pod; says whether that changed anything. */
    boolean applyTo(Pod pod) {
        var before = Optional.ofNullable(pod.getStatus()).orElseGet(PodStatus::new);
        var after = new PodStatusBuilder(before).withPhase(phase).withConditions(conditions(before));
        if (!message.isEmpty()) {
            after.withMessage(message);
        }
        if (boundAt.isPresent()) {
            var container = pod.getSpec().getContainers().getFirst();
            after.withStartTime(Kubelet.time(boundAt.get())).withHostIP("127.0.0.1").withContainerStatuses(new ContainerStatusBuilder()
                    .withName(container.getName()).withImage(container.getImage()).withState(state).withLastState(last).withRestartCount(restarts)
                    .withReady(ready).withStarted(state.getRunning() != null).build());
        }
        if (!address.isEmpty()) {
            after.withPodIP(address);
        }
        pod.setStatus(after.build());
        return !after.build().equals(before);
    }

    private List<PodCondition> conditions(PodStatus before) {
        var all = new ArrayList<>(before.getConditions().stream().filter(condition -> !OWN_CONDITIONS.contains(condition.getType())).toList());
        if (boundAt.isPresent()) {
            all.add(condition("PodScheduled", true, boundAt.get()));
            all.add(condition("Initialized", true, boundAt.get()));
            all.add(condition("ContainersReady", ready, readyChangedAt));
            all.add(condition("Ready", ready, readyChangedAt));
        } else if (unschedulable.isPresent()) {
            all.add(new PodConditionBuilder(condition("PodScheduled", false, readyChangedAt)).withReason("Unschedulable").withMessage(unschedulable.get()).build());
        }
        return all;
    }

    private static PodCondition condition(String type, boolean is, Instant since) {
        return new PodConditionBuilder().withType(type).withStatus(is ? "True" : "False").withLastTransitionTime(Kubelet.time(since)).build();
    }
}
