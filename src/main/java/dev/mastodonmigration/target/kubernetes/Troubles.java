package dev.mastodonmigration.target.kubernetes;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Finds, in one look, what keeps pods from serving or from being created at all. */
final class Troubles {
    private static final String NOT_CREATED = "FailedCreate";
    private final OwnedObjects objects;
    private final List<Pod> pods;
    /** Read when something is asked that only they tell. */
    private Optional<List<Event>> warnings = Optional.empty();

    /** Reads our pods once, for all that is asked of it. */
    Troubles(OwnedObjects objects) {
        this.objects = objects;
        this.pods = objects.pods();
    }

    /** What holds that Deployment's present template up; pods that a rollout is replacing do not count. */
    Optional<String> of(Deployment deployment) {
        var notCreated = Optional.ofNullable(deployment.getStatus()).map(DeploymentStatus::getConditions).stream().flatMap(List::stream)
                .filter(condition -> "ReplicaFailure".equals(condition.getType()) && "True".equals(condition.getStatus()))
                .map(condition -> "no pod can be created: " + condition.getMessage()).findFirst();
        var template = Optional.ofNullable(deployment.getSpec().getTemplate().getMetadata().getAnnotations()).map(all -> all.get(Workloads.TEMPLATE_ANNOTATION)).orElse("");
        var present = pods.stream().filter(pod -> belongs(pod, deployment.getSpec().getSelector().getMatchLabels()))
                .filter(pod -> template.equals(OwnedObjects.annotations(pod).get(Workloads.TEMPLATE_ANNOTATION))).toList();
        var name = deployment.getMetadata().getName();
        return notCreated.or(() -> ofPods(present)).or(() -> present.isEmpty() ? notCreated("ReplicaSet", owner -> owner.startsWith(name + "-")) : Optional.empty()).map(trouble -> name + ": " + trouble);
    }

    /** What holds up the pod of a Job. */
    Optional<String> of(Job job) {
        var own = podsOf(job);
        return ofPods(own.stream().filter(pod -> !hasEnded(pod)).toList())
                .or(() -> own.isEmpty() ? notCreated("Job", job.getMetadata().getName()::equals) : Optional.empty());
    }

    /** Those of a Job, in the order in which they were created. */
    List<Pod> podsOf(Job job) {
        return pods.stream().filter(pod -> pod.getMetadata().getOwnerReferences() != null
                && pod.getMetadata().getOwnerReferences().stream().anyMatch(owner -> owner.getUid().equals(job.getMetadata().getUid()))).toList();
    }

    private static boolean hasEnded(Pod pod) {
        return pod.getStatus() != null && List.of("Succeeded", "Failed").contains(String.valueOf(pod.getStatus().getPhase()));
    }

    private static boolean belongs(Pod pod, Map<String, String> selector) {
        return pod.getMetadata().getDeletionTimestamp() == null && Optional.ofNullable(pod.getMetadata().getLabels()).orElse(Map.of()).entrySet().containsAll(selector.entrySet());
    }

    private Optional<String> ofPods(List<Pod> waiting) {
        return waiting.stream().filter(pod -> !serves(pod)).flatMap(pod -> PodTrouble.of(pod, () -> warnings(pod)).stream()).findFirst();
    }

    private static boolean serves(Pod pod) {
        return pod.getStatus() != null && Optional.ofNullable(pod.getStatus().getConditions()).stream().flatMap(List::stream)
                .anyMatch(condition -> "Ready".equals(condition.getType()) && "True".equals(condition.getStatus()));
    }

    private List<Event> warnings(Pod pod) {
        return warnings().stream().filter(event -> pod.getMetadata().getUid().equals(event.getInvolvedObject().getUid())).toList();
    }

    /** A quota and an admission webhook are told in events of what would create the pods, for the case that nothing else tells. */
    private Optional<String> notCreated(String kind, Predicate<String> name) {
        return PodTrouble.latest(warnings().stream().filter(event -> NOT_CREATED.equals(event.getReason()))
                .filter(event -> kind.equals(event.getInvolvedObject().getKind()) && name.test(event.getInvolvedObject().getName())).toList())
                .map(words -> "no pod can be created: " + words);
    }

    private List<Event> warnings() {
        if (warnings.isEmpty()) {
            warnings = Optional.of(objects.warnings());
        }
        return warnings.get();
    }
}
