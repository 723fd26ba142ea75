package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentCondition;
import io.fabric8.kubernetes.api.model.apps.DeploymentConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes a Deployment's status: numbers and conditions as its controller does. */
final class DeploymentReport {
    private final KubernetesClient client;
    private final ReplicaSetController sets;

    DeploymentReport(KubernetesClient client, ReplicaSetController sets) {
        this.client = client;
        this.sets = sets;
    }

    void write(Deployment deployment, Optional<ReplicaSet> present, List<ReplicaSet> old, List<Pod> pods) {
        var wanted = DeploymentController.wanted(deployment);
        var updated = present.map(set -> ReplicaSetController.living(set, pods)).orElse(List.of());
        var all = new ArrayList<>(updated);
        old.forEach(set -> all.addAll(ReplicaSetController.living(set, pods)));
        var ready = (int) all.stream().filter(Kubelet::isReady).count();
        var isComplete = present.isPresent() && updated.size() == wanted && all.size() == wanted && ready == wanted;
        var before = Optional.ofNullable(deployment.getStatus()).orElseGet(DeploymentStatus::new);
        var conditions = new ArrayList<DeploymentCondition>();
        conditions.add(condition(before, "Available", ready >= wanted, ready >= wanted ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable", ""));
        conditions.add(condition(before, "Progressing", true, isComplete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated", ""));
        present.flatMap(sets::refusal).filter(why -> updated.size() < wanted).ifPresent(why -> conditions.add(condition(before, "ReplicaFailure", true, "FailedCreate", why)));
        var status = new DeploymentStatusBuilder().withObservedGeneration(deployment.getMetadata().getGeneration()).withReplicas(all.size())
                .withUpdatedReplicas(updated.size()).withReadyReplicas(ready).withAvailableReplicas(ready).withUnavailableReplicas(Math.max(0, wanted - ready)).withConditions(conditions).build();
        if (!status.equals(before)) {
            deployment.setStatus(status);
            Writes.status(client, deployment);
        }
    }

    private static DeploymentCondition condition(DeploymentStatus before, String type, boolean is, String reason, String message) {
        var same = before.getConditions().stream().filter(condition -> condition.getType().equals(type) && condition.getReason().equals(reason)).findFirst();
        var since = same.map(DeploymentCondition::getLastTransitionTime).orElseGet(() -> Kubelet.time(Instant.now()));
        return new DeploymentConditionBuilder().withType(type).withStatus(is ? "True" : "False").withReason(reason).withMessage(message.isEmpty() ? null : message)
                .withLastTransitionTime(since).withLastUpdateTime(since).build();
    }
}
