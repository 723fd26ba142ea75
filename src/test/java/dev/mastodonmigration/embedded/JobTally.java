package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyRule;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the pods of one Job came to so far: each counted once, by the Job's failure policy, under its index; a Job that is not Indexed has one. */
final class JobTally {
    static final String INDEX = "batch.kubernetes.io/job-completion-index";
    private static final int DEFAULT_BACKOFF_LIMIT = 6;

    private final Set<String> counted = new HashSet<>();
    private final Instant startedAt = Instant.now();
    private final Set<Integer> succeeded = new TreeSet<>();
    private final Map<Integer, Integer> failed = new TreeMap<>();
    private final Map<Integer, Instant> lastFailure = new TreeMap<>();
    private boolean failedByPolicy;

    static boolean isIndexed(JobSpec job) {
        return "Indexed".equals(job.getCompletionMode());
    }

    static int index(Pod pod) {
        return Integer.parseInt(pod.getMetadata().getLabels().getOrDefault(INDEX, "0"));
    }

    /** Counts an ended pod, the first time it is seen. */
    void count(JobSpec job, Pod pod) {
        if (!counted.add(pod.getMetadata().getUid())) {
            return;
        }
        if (Kubelet.SUCCEEDED.equals(pod.getStatus().getPhase())) {
            succeeded.add(index(pod));
            return;
        }
        var action = action(job, pod);
        if (!action.equals("Ignore")) {
            failed.merge(index(pod), 1, Integer::sum);
            lastFailure.put(index(pod), Instant.now());
            failedByPolicy |= action.equals("FailJob");
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
        if (failed() > backoffLimit(job)) {
            return Optional.of("BackoffLimitExceeded");
        }
        if (!failedIndexes(job).isEmpty() && toBeDone(job).isEmpty()) {
            return Optional.of("FailedIndexes");
        }
        var deadline = Optional.ofNullable(job.getActiveDeadlineSeconds()).map(startedAt::plusSeconds);
        return deadline.filter(Instant.now()::isAfter).map(passed -> "DeadlineExceeded");
    }

    private static int backoffLimit(JobSpec job) {
        return Optional.ofNullable(job.getBackoffLimit()).orElse(job.getBackoffLimitPerIndex() == null ? DEFAULT_BACKOFF_LIMIT : Integer.MAX_VALUE);
    }

    /** Indexes that died more often than the Job allows to one. */
    private Set<Integer> failedIndexes(JobSpec job) {
        var limit = Optional.ofNullable(job.getBackoffLimitPerIndex()).orElse(Integer.MAX_VALUE);
        return failed.entrySet().stream().filter(index -> index.getValue() > limit).map(Map.Entry::getKey).collect(Collectors.toSet());
    }

    /** Indexes that have neither succeeded nor been given up. */
    List<Integer> toBeDone(JobSpec job) {
        var givenUp = failedIndexes(job);
        return IntStream.range(0, completions(job)).boxed().filter(index -> !succeeded.contains(index) && !givenUp.contains(index)).toList();
    }

    boolean isComplete(JobSpec job) {
        return succeeded.size() >= completions(job);
    }

    private static int completions(JobSpec job) {
        return Optional.ofNullable(job.getCompletions()).orElse(1);
    }

    /** Kubernetes waits 10 s, 20 s, 40 s … after each failure of the Job, or with a limit for each index of that index; here a thirtieth of it. */
    Instant retryAt(JobSpec job, int index) {
        var alone = job.getBackoffLimitPerIndex() != null;
        var failures = alone ? failed.getOrDefault(index, 0) : failed();
        var last = alone ? lastFailure.getOrDefault(index, Instant.EPOCH) : lastFailure.values().stream().max(Instant::compareTo).orElse(Instant.EPOCH);
        return last.plus(Duration.ofMillis(330L << Math.min(Math.max(failures - 1, 0), 6)));
    }

    Instant startedAt() {
        return startedAt;
    }

    Set<Integer> succeeded() {
        return succeeded;
    }

    int failed() {
        return failed.values().stream().mapToInt(Integer::intValue).sum();
    }
}
