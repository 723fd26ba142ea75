package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/** Keeps as many pods as each ReplicaSet wants; those that are not ready go first. */
final class ReplicaSetController {
    private static final int RANDOM = 5;
    private final KubernetesClient client;
    private final PodMaker maker;

    ReplicaSetController(KubernetesClient client, Timing timing, Consumer<String> violations) {
        this.client = client;
        this.maker = new PodMaker(client, timing, "replicaset-controller", violations);
    }

    void sync(List<ReplicaSet> sets, List<Pod> pods) {
        sets.stream().filter(set -> set.getMetadata().getDeletionTimestamp() == null).forEach(set -> sync(set, living(set, pods)));
    }

    private void sync(ReplicaSet set, List<Pod> pods) {
        var wanted = set.getSpec().getReplicas();
        for (var missing = pods.size(); missing < wanted; missing++) {
            if (maker.create(set, pod(set)).isEmpty()) {
                break;
            }
        }
        pods.stream().sorted(Comparator.comparing(Kubelet::isReady)).limit(Math.max(0, pods.size() - wanted)).forEach(pod -> client.resource(pod).delete());
        var ready = (int) pods.stream().filter(Kubelet::isReady).count();
        var status = new ReplicaSetStatusBuilder().withObservedGeneration(set.getMetadata().getGeneration()).withReplicas(pods.size()).withReadyReplicas(ready).withAvailableReplicas(ready).build();
        if (!status.equals(set.getStatus())) {
            set.setStatus(status);
            Writes.status(client, set);
        }
    }

    /** Its pods that are neither over nor on their way out. */
    static List<Pod> living(ReplicaSet set, List<Pod> pods) {
        return pods.stream().filter(pod -> pod.getMetadata().getOwnerReferences().stream().anyMatch(owner -> owner.getUid().equals(set.getMetadata().getUid())))
                .filter(pod -> !Kubelet.isDeleted(pod) && !Kubelet.isTerminal(pod)).toList();
    }

    /** Why its last pod could not be created. */
    Optional<String> refusal(ReplicaSet set) {
        return maker.refusal(set);
    }

    private static Pod pod(ReplicaSet set) {
        var name = set.getMetadata().getName();
        return new PodBuilder().withMetadata(set.getSpec().getTemplate().getMetadata())
                .editMetadata().withName(name + "-" + UUID.randomUUID().toString().substring(0, RANDOM)).withNamespace(set.getMetadata().getNamespace())
                .withOwnerReferences(new OwnerReferenceBuilder().withApiVersion("apps/v1").withKind("ReplicaSet").withName(name).withUid(set.getMetadata().getUid())
                        .withController(true).withBlockOwnerDeletion(true).build())
                .endMetadata().withSpec(set.getSpec().getTemplate().getSpec()).build();
    }
}
