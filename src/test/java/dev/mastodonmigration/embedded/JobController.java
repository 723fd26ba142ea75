package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobConditionBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Makes pods of Jobs and sets the Jobs' conditions in the order of Kubernetes 1.31 and later: the target condition
 * (SuccessCriteriaMet, FailureTarget) when the outcome is known, Complete or Failed when no pod is left
 * (https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions).
 */
final class JobController {
    static final String JOB_NAME_LABEL = "batch.kubernetes.io/job-name";
    private static final int LONGEST_LABEL = 63;
    private static final int RANDOM = 5;
    private static final String TRACKING = "batch.kubernetes.io/job-tracking";

    private final KubernetesClient client;
    private final Timing timing;
    private final PodMaker pods;
    private final Consumer<String> violations;
    private final Map<String, JobTally> tallies = new HashMap<>();
    /** When an ended pod is counted, by its uid. */
    private final Map<String, Instant> countedAt = new HashMap<>();

    JobController(KubernetesClient client, Timing timing, Consumer<String> violations) {
        this.client = client;
        this.timing = timing;
        this.pods = new PodMaker(client, timing, "job-controller", violations);
        this.violations = violations;
    }

    void sync(List<Job> jobs, List<Pod> pods) {
        var living = new HashSet<String>();
        for (var job : jobs) {
            living.add(job.getMetadata().getUid());
            sync(job, pods.stream().filter(pod -> isOwned(pod, job.getMetadata().getUid())).toList());
        }
        tallies.keySet().retainAll(living);
        countedAt.keySet().retainAll(pods.stream().map(pod -> pod.getMetadata().getUid()).toList());
        releaseOrphans(pods, living);
    }

    private void sync(Job job, List<Pod> pods) {
        var tally = tallies.computeIfAbsent(job.getMetadata().getUid(), uid -> new JobTally());
        var counted = pods.stream().filter(Kubelet::isTerminal)
                .filter(pod -> Timing.isDue(countedAt.computeIfAbsent(pod.getMetadata().getUid(), uid -> timing.status()))).toList();
        if (!isFinished(job)) {
            counted.forEach(pod -> tally.count(job.getSpec(), pod));
            var active = pods.stream().filter(pod -> !counted.contains(pod)).toList();
            advance(job, tally, active);
        }
        counted.forEach(this::release);
    }

    private void advance(Job job, JobTally tally, List<Pod> active) {
        var reason = conditions(job).stream().filter(condition -> condition.getType().equals("FailureTarget")).findFirst()
                .map(JobCondition::getReason).or(() -> tally.failure(job.getSpec()));
        if (tally.isComplete(job.getSpec()) && reason.isEmpty()) {
            conclude(job, tally, active, "SuccessCriteriaMet", "Complete", "CompletionsReached");
        } else if (reason.isPresent()) {
            active.stream().filter(pod -> !Kubelet.isDeleted(pod)).forEach(pod -> client.resource(pod).delete());
            conclude(job, tally, active, "FailureTarget", "Failed", reason.get());
        } else {
            var all = new ArrayList<>(active);
            if (!Boolean.TRUE.equals(job.getSpec().getSuspend())) {
                all.addAll(createPods(job, tally, active));
            }
            write(job, status(job, tally, all).build());
        }
    }

    /** One pod runs of each index; the next comes when the last has ended for good, as with every Job that has a podFailurePolicy. */
    private List<Pod> createPods(Job job, JobTally tally, List<Pod> active) {
        var room = Optional.ofNullable(job.getSpec().getParallelism()).orElse(1) - active.size();
        return tally.toBeDone(job.getSpec()).stream()
                .filter(index -> active.stream().noneMatch(pod -> JobTally.index(pod) == index) && isDue(tally.retryAt(job.getSpec(), index)))
                .limit(Math.max(0, room)).flatMap(index -> createPod(job, index).stream()).toList();
    }

    /** Wakes us again when it is not yet. */
    private boolean isDue(Instant at) {
        if (Timing.isDue(at)) {
            return true;
        }
        timing.after(Duration.between(Instant.now(), at));
        return false;
    }

    private void conclude(Job job, JobTally tally, List<Pod> active, String targetType, String finalType, String reason) {
        var conditions = new ArrayList<>(conditions(job));
        if (conditions.stream().noneMatch(condition -> condition.getType().equals(targetType))) {
            conditions.add(condition(targetType, reason));
        } else if (active.isEmpty()) {
            conditions.add(condition(finalType, reason));
        }
        var status = status(job, tally, active).withConditions(conditions);
        if (isFinished(conditions) && finalType.equals("Complete")) {
            status.withCompletionTime(Kubelet.time(Instant.now()));
        }
        write(job, status.build());
    }

    private static JobStatusBuilder status(Job job, JobTally tally, List<Pod> active) {
        var status = new JobStatusBuilder(Optional.ofNullable(job.getStatus()).orElseGet(JobStatus::new))
                .withStartTime(Kubelet.time(tally.startedAt()))
                .withActive(positive(active.size()))
                .withReady((int) active.stream().filter(pod -> Kubelet.RUNNING.equals(pod.getStatus().getPhase())).count())
                .withTerminating((int) active.stream().filter(Kubelet::isDeleted).count())
                .withSucceeded(positive(tally.succeeded().size()))
                .withFailed(positive(tally.failed()));
        if (JobTally.isIndexed(job.getSpec())) {
            status.withCompletedIndexes(tally.succeeded().stream().map(String::valueOf).collect(Collectors.joining(",")));
        }
        return status;
    }

    /** Zero counters are left out of a Job's status. */
    private static Integer positive(int count) {
        return count == 0 ? null : Integer.valueOf(count);
    }

    private void write(Job job, JobStatus status) {
        if (!status.equals(job.getStatus())) {
            job.setStatus(status);
            Writes.status(client, job);
        }
    }

    private Optional<Pod> createPod(Job job, int index) {
        var name = job.getMetadata().getName();
        var builder = new PodBuilder()
                .withMetadata(Optional.ofNullable(job.getSpec().getTemplate().getMetadata()).orElseGet(ObjectMeta::new))
                .editMetadata()
                .withName(prefix(job, index) + UUID.randomUUID().toString().substring(0, RANDOM))
                .withNamespace(job.getMetadata().getNamespace())
                .addToLabels(Map.of(JOB_NAME_LABEL, name, "job-name", name,
                        "batch.kubernetes.io/controller-uid", job.getMetadata().getUid(), "controller-uid", job.getMetadata().getUid()))
                .withFinalizers(TRACKING)
                .withOwnerReferences(new OwnerReferenceBuilder().withApiVersion("batch/v1").withKind("Job").withName(name)
                        .withUid(job.getMetadata().getUid()).withController(true).withBlockOwnerDeletion(true).build())
                .endMetadata()
                .withSpec(job.getSpec().getTemplate().getSpec());
        PodSecurity.beyondTheStandard(job.getSpec().getTemplate().getSpec()).forEach(rule -> violations.accept("Job " + name + ": " + rule));
        if (JobTally.isIndexed(job.getSpec())) {
            indexed(builder, name, index);
            if (name.length() + String.valueOf(job.getSpec().getCompletions() - 1).length() + 1 > LONGEST_LABEL) {
                violations.accept("Job " + name + ": the Job's name with the highest index is the pods' host name and must be no more than 63 characters");
            }
        }
        return pods.create(job, builder.build());
    }

    private static String prefix(Job job, int index) {
        var tail = JobTally.isIndexed(job.getSpec()) ? "-" + index + "-" : "-";
        var name = job.getMetadata().getName();
        return name.substring(0, Math.min(name.length(), LONGEST_LABEL - RANDOM - tail.length())) + tail;
    }

    private static void indexed(PodBuilder pod, String job, int index) {
        pod.editMetadata().addToLabels(JobTally.INDEX, String.valueOf(index)).addToAnnotations(JobTally.INDEX, String.valueOf(index)).endMetadata()
                .editSpec().withHostname(job + "-" + index)
                .editFirstContainer().addNewEnv().withName("JOB_COMPLETION_INDEX").withNewValueFrom().withNewFieldRef()
                .withFieldPath("metadata.labels['" + JobTally.INDEX + "']").endFieldRef().endValueFrom().endEnv().endContainer().endSpec();
    }

    private void releaseOrphans(List<Pod> pods, Set<String> living) {
        pods.stream().filter(Kubelet::isTerminal)
                .filter(pod -> pod.getMetadata().getOwnerReferences().stream().noneMatch(owner -> living.contains(owner.getUid())))
                .forEach(this::release);
    }

    /** A counted pod may go: until then its finalizer keeps it, so that no outcome is missed. */
    private void release(Pod pod) {
        if (pod.getFinalizers().contains(TRACKING)) {
            pod.getMetadata().setFinalizers(pod.getFinalizers().stream().filter(finalizer -> !finalizer.equals(TRACKING)).toList());
            Writes.object(client, pod);
        }
    }

    private static boolean isOwned(Pod pod, String uid) {
        return pod.getMetadata().getOwnerReferences().stream().anyMatch(owner -> owner.getUid().equals(uid));
    }

    private static boolean isFinished(Job job) {
        return isFinished(conditions(job));
    }

    private static boolean isFinished(List<JobCondition> conditions) {
        return conditions.stream().anyMatch(c -> Set.of("Complete", "Failed").contains(c.getType()) && "True".equals(c.getStatus()));
    }

    private static List<JobCondition> conditions(Job job) {
        return Optional.ofNullable(job.getStatus()).map(JobStatus::getConditions).orElse(List.of());
    }

    private static JobCondition condition(String type, String reason) {
        var now = Kubelet.time(Instant.now());
        var message = switch (reason) {
            case "CompletionsReached" -> "Reached expected number of succeeded pods";
            case "BackoffLimitExceeded" -> "Job has reached the specified backoff limit";
            case "FailedIndexes" -> "Job has failed indexes";
            case "DeadlineExceeded" -> "Job was active longer than specified deadline";
            default -> "A pod failed in a way that the Job's podFailurePolicy names";
        };
        return new JobConditionBuilder().withType(type).withStatus("True").withReason(reason).withMessage(message)
                .withLastProbeTime(now).withLastTransitionTime(now).build();
    }
}
