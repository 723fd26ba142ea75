package dev.mastodonmigration.job;

import dev.mastodonmigration.worker.control.WorkerReport;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** The pods of one Job as they were read: one, or one for each index and those that they replaced. */
record JobPods(List<Pod> pods) {
    private static final String RUNNING = "Running";
    private static final String PENDING = "Pending";
    private static final String OUT_OF_MEMORY = "OOMKilled";
    /** Of a JVM with ExitOnOutOfMemoryError, as the image starts it. */
    private static final Integer HEAP_FULL = 3;
    private static final List<String> ENDED = List.of("Succeeded", "Failed");

    /** Of those whose container runs. */
    Stream<String> addresses() {
        return pods.stream().filter(pod -> RUNNING.equals(phase(pod)) && pod.getStatus().getPodIP() != null).map(pod -> pod.getStatus().getPodIP());
    }

    Stream<Pod> unended() {
        return pods.stream().filter(pod -> !ENDED.contains(phase(pod)));
    }

    /** Whether each that has not ended should have, and longer ago than that: Kubernetes replaces none before its node answers. */
    boolean areLost(Instant now, Duration patience) {
        var unended = unended().toList();
        return !unended.isEmpty() && unended.stream().map(pod -> pod.getMetadata().getDeletionTimestamp())
                .allMatch(told -> told != null && now.isAfter(Instant.parse(told).plus(patience)));
    }

    /** In the order in which the pods ended: an evicted pod leaves a report too. */
    Stream<WorkerReport> reports() {
        return terminated().map(ContainerStateTerminated::getMessage).map(WorkerReport::parse).flatMap(Optional::stream);
    }

    /** Why they failed: a refusal is the cause of the others' end, otherwise the last word counts. */
    Optional<WorkerReport> failure() {
        var failures = reports().filter(report -> report.outcome() != WorkerReport.Outcome.SUCCEEDED).toList();
        return failures.stream().filter(report -> report.outcome() == WorkerReport.Outcome.REFUSED).findFirst()
                .or(() -> failures.isEmpty() ? Optional.empty() : Optional.of(failures.getLast()));
    }

    /** How the last one ended that left no report, in Kubernetes' words and, where those are terse, in ours. */
    Optional<String> death() {
        return ended().filter(pod -> states(pod).map(ContainerState::getTerminated).filter(Objects::nonNull)
                .allMatch(state -> WorkerReport.parse(state.getMessage()).isEmpty())).reduce((first, last) -> last).map(JobPods::death);
    }

    /** When the last one ended. */
    Optional<Instant> lastEnd() {
        return ended().reduce((first, last) -> last).map(JobPods::end).filter(time -> !time.isEmpty()).map(Instant::parse);
    }

    /** Those that no container runs of yet. */
    Stream<Pod> pending() {
        return pods.stream().filter(pod -> PENDING.equals(phase(pod)));
    }

    /** How many pods the Job should have now. */
    static long wanted(Job job) {
        var succeeded = job.getStatus() == null || job.getStatus().getSucceeded() == null ? 0 : job.getStatus().getSucceeded();
        return Math.min(Optional.ofNullable(job.getSpec().getParallelism()).orElse(1), Optional.ofNullable(job.getSpec().getCompletions()).orElse(1) - succeeded);
    }

    private static String death(Pod pod) {
        var state = states(pod).map(ContainerState::getTerminated).filter(Objects::nonNull).findFirst();
        if (pod.getStatus().getReason() != null) {
            return reason(pod.getStatus().getReason(), pod.getStatus().getMessage());
        }
        if (state.isEmpty()) {
            return "its pod has failed";
        }
        var code = "exit code " + state.get().getExitCode();
        return OUT_OF_MEMORY.equals(state.get().getReason())
                ? "OOMKilled: it used more memory than its limit of " + memory(pod) + ", " + code
                : HEAP_FULL.equals(state.get().getExitCode()) ? "the memory of its JVM is full, " + code
                : code + (state.get().getReason() == null ? "" : ", " + state.get().getReason());
    }

    private static String memory(Pod pod) {
        return String.valueOf(pod.getSpec().getContainers().getFirst().getResources().getLimits().get("memory"));
    }

    /** What waits and why, as "its pod waits: ErrImagePull" or "1 of 4 pods waits: Unschedulable: …". */
    Optional<String> heldUp() {
        var unended = unended().toList();
        var reasons = unended.stream().map(JobPods::waitsFor).flatMap(Optional::stream).toList();
        return reasons.isEmpty() ? Optional.empty() : Optional.of((unended.size() == 1 ? "its pod waits: "
                : reasons.size() + " of " + unended.size() + (reasons.size() == 1 ? " pods waits: " : " pods wait: ")) + reasons.getFirst());
    }

    private static Optional<String> waitsFor(Pod pod) {
        return states(pod).map(ContainerState::getWaiting).filter(Objects::nonNull)
                .map(waiting -> reason(waiting.getReason(), waiting.getMessage()))
                .filter(reason -> !reason.startsWith("ContainerCreating") && !reason.startsWith("PodInitializing")).findFirst()
                .or(() -> unschedulable(pod));
    }

    private static Optional<String> unschedulable(Pod pod) {
        return pod.getStatus() == null || pod.getStatus().getConditions() == null ? Optional.empty() : pod.getStatus().getConditions().stream()
                .filter(condition -> "PodScheduled".equals(condition.getType()) && "False".equals(condition.getStatus()))
                .map((PodCondition condition) -> reason(condition.getReason(), condition.getMessage())).findFirst();
    }

    private static String reason(String reason, String message) {
        return reason + (message == null ? "" : ": " + message);
    }

    /** In the order in which they ended. */
    private Stream<Pod> ended() {
        return pods.stream().filter(pod -> ENDED.contains(phase(pod))).sorted(Comparator.comparing(JobPods::end));
    }

    private static String end(Pod pod) {
        return states(pod).map(ContainerState::getTerminated).filter(Objects::nonNull).map(ContainerStateTerminated::getFinishedAt).filter(Objects::nonNull).findFirst().orElse("");
    }

    private Stream<ContainerStateTerminated> terminated() {
        return pods.stream().flatMap(JobPods::states).map(ContainerState::getTerminated).filter(Objects::nonNull)
                .sorted(Comparator.comparing(state -> Objects.requireNonNullElse(state.getFinishedAt(), "")));
    }

    private static Stream<ContainerState> states(Pod pod) {
        return pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null ? Stream.empty()
                : pod.getStatus().getContainerStatuses().stream().map(container -> container.getState()).filter(Objects::nonNull);
    }

    private static String phase(Pod pod) {
        return pod.getStatus() == null ? "" : String.valueOf(pod.getStatus().getPhase());
    }
}
