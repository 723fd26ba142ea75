package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyRule;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** What the pods of one Job came to so far: each counted once, by the Job's failure policy. */
final class JobTally {
    private final Set<String> counted = new HashSet<>();
    private final Instant startedAt = Instant.now();
    private Instant lastFailure = Instant.EPOCH;
    private boolean failedByPolicy;
    private int succeeded;
    private int failed;

    /** Counts an ended pod, the first time it is seen. */
    void count(JobSpec job, Pod pod) {
        if (!counted.add(pod.getMetadata().getUid())) {
            return;
        }
        if (Kubelet.SUCCEEDED.equals(pod.getStatus().getPhase())) {
            succeeded++;
            return;
        }
        switch (action(job, pod)) {
            case "Ignore" -> { }
            case "FailJob" -> {
                failed++;
                failedByPolicy = true;
            }
            default -> {
                failed++;
                lastFailure = Instant.now();
            }
        }
    }

    private static String action(JobSpec job, Pod pod) {
        return Optional.ofNullable(job.getPodFailurePolicy()).stream().flatMap(policy -> policy.getRules().stream())
                .filter(rule -> matches(rule, pod)).findFirst().map(PodFailurePolicyRule::getAction).orElse("Count");
    }

    private static boolean matches(PodFailurePolicyRule rule, Pod pod) {
        if (rule.getOnExitCodes() != null) {
            var codes = rule.getOnExitCodes();
            return pod.getStatus().getContainerStatuses().stream().map(s -> s.getState().getTerminated()).filter(t -> t != null && t.getExitCode() != 0)
                    .anyMatch(t -> codes.getValues().contains(t.getExitCode()) == codes.getOperator().equals("In"));
        }
        return rule.getOnPodConditions().stream().anyMatch(wanted -> pod.getStatus().getConditions().stream()
                .anyMatch(condition -> condition.getType().equals(wanted.getType())
                        && condition.getStatus().equals(Optional.ofNullable(wanted.getStatus()).orElse("True"))));
    }

    /** Why the Job has to fail, in Kubernetes' words; empty while it may go on. */
    Optional<String> failure(JobSpec job) {
        if (failedByPolicy) {
            return Optional.of("PodFailurePolicy");
        }
        if (failed > Optional.ofNullable(job.getBackoffLimit()).orElse(6)) {
            return Optional.of("BackoffLimitExceeded");
        }
        var deadline = Optional.ofNullable(job.getActiveDeadlineSeconds()).map(startedAt::plusSeconds);
        return deadline.filter(Instant.now()::isAfter).map(passed -> "DeadlineExceeded");
    }

    boolean isComplete(JobSpec job) {
        return succeeded >= Optional.ofNullable(job.getCompletions()).orElse(1);
    }

    /** Kubernetes waits 10 s, 20 s, 40 s …; here a thirtieth of it. */
    boolean mayRetryNow() {
        return Instant.now().isAfter(lastFailure.plus(Duration.ofMillis(330L << Math.min(Math.max(failed - 1, 0), 6))));
    }

    Instant startedAt() {
        return startedAt;
    }

    int succeeded() {
        return succeeded;
    }

    int failed() {
        return failed;
    }
}
