package dev.mastodonmigration.target.kubernetes;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Says with Kubernetes' own reason why a pod does not serve. */
final class PodTrouble {
    /** What every pod goes through. */
    private static final Set<String> USUAL = Set.of("ContainerCreating", "PodInitializing");
    private static final String CRASHING = "CrashLoopBackOff";
    private static final String OUT_OF_MEMORY = "OOMKilled";
    private static final int LONGEST = 400;

    private PodTrouble() {}

    /** @param warnings events of the pod, asked for only when its status tells nothing: volumes and probes are told there alone */
    static Optional<String> of(Pod pod, Supplier<List<Event>> warnings) {
        var status = Optional.ofNullable(pod.getStatus()).orElseGet(PodStatus::new);
        return containers(status).map(PodTrouble::ofContainer).flatMap(Optional::stream).findFirst()
                .or(() -> unschedulable(status))
                .or(() -> latest(warnings.get()))
                .map(PodTrouble::cut);
    }

    /** How its container ended, where it left no words. */
    static Optional<String> end(Pod pod) {
        return containers(Optional.ofNullable(pod.getStatus()).orElseGet(PodStatus::new)).map(ContainerStatus::getState).filter(Objects::nonNull)
                .map(ContainerState::getTerminated).filter(Objects::nonNull).findFirst().map(PodTrouble::ended).map(PodTrouble::cut);
    }

    private static Stream<ContainerStatus> containers(PodStatus status) {
        return Stream.of(status.getInitContainerStatuses(), status.getContainerStatuses()).filter(Objects::nonNull).flatMap(List::stream);
    }

    private static Optional<String> ofContainer(ContainerStatus container) {
        var now = Optional.ofNullable(container.getState());
        var before = Optional.ofNullable(container.getLastState()).map(ContainerState::getTerminated);
        var waiting = now.map(ContainerState::getWaiting).filter(state -> !USUAL.contains(String.valueOf(state.getReason())));
        if (waiting.isPresent()) {
            return Optional.of(CRASHING.equals(waiting.get().getReason()) && before.isPresent()
                    ? CRASHING + ": " + ended(before.get()) + times(container) : reason(waiting.get()));
        }
        return now.map(ContainerState::getTerminated).filter(end -> !Integer.valueOf(0).equals(end.getExitCode())).map(PodTrouble::ended)
                .or(() -> before.filter(end -> !Boolean.TRUE.equals(container.getReady())).map(end -> ended(end) + times(container)));
    }

    private static String reason(ContainerStateWaiting waiting) {
        return words(waiting.getReason(), waiting.getMessage());
    }

    private static String ended(ContainerStateTerminated end) {
        var how = OUT_OF_MEMORY.equals(end.getReason()) ? "the container needed more memory than its limit allows and was killed (" + OUT_OF_MEMORY + ")"
                : "the container ended with exit code " + end.getExitCode() + (end.getReason() == null ? "" : " (" + end.getReason() + ")");
        return how + Optional.ofNullable(end.getMessage()).map(String::strip).filter(message -> !message.isEmpty()).map(message -> ": " + message).orElse("");
    }

    private static String times(ContainerStatus container) {
        var restarts = Optional.ofNullable(container.getRestartCount()).orElse(0);
        return restarts > 0 ? ", restarted " + restarts + (restarts == 1 ? " time" : " times") : "";
    }

    private static Optional<String> unschedulable(PodStatus status) {
        return Optional.ofNullable(status.getConditions()).stream().flatMap(List::stream)
                .filter(condition -> "PodScheduled".equals(condition.getType()) && "False".equals(condition.getStatus()))
                .map(condition -> words(condition.getReason(), condition.getMessage())).findFirst();
    }

    static Optional<String> latest(List<Event> events) {
        return events.stream().max(Comparator.comparing(PodTrouble::time)).map(event -> words(event.getReason(), event.getMessage())).map(PodTrouble::cut);
    }

    /** Older clients write lastTimestamp, newer ones eventTime. */
    private static String time(Event event) {
        return Stream.of(event.getLastTimestamp(), event.getEventTime() == null ? null : event.getEventTime().getTime(), event.getFirstTimestamp())
                .filter(Objects::nonNull).findFirst().orElse("");
    }

    private static String words(String reason, String message) {
        return message == null || message.isBlank() ? String.valueOf(reason) : reason + ": " + message.strip();
    }

    private static String cut(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    }
}
