package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStrategy;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.api.model.apps.RollingUpdateDeployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Rolls Deployments out by ReplicaSets, one for each template: as {@code maxSurge} and {@code maxUnavailable} allow, or with Recreate the old one's pods first
 * (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy).
 */
final class DeploymentController {
    static final String HASH = "pod-template-hash";

    private final KubernetesClient client;
    private final Timing timing;
    private final DeploymentReport report;
    /** When a generation of a Deployment is looked at, by uid and generation. */
    private final Map<String, Instant> noticed = new HashMap<>();

    DeploymentController(KubernetesClient client, Timing timing, ReplicaSetController sets) {
        this.client = client;
        this.timing = timing;
        this.report = new DeploymentReport(client, sets);
    }

    void sync(List<Deployment> deployments, List<ReplicaSet> sets, List<Pod> pods) {
        for (var deployment : deployments) {
            var metadata = deployment.getMetadata();
            if (metadata.getDeletionTimestamp() == null && Timing.isDue(noticed.computeIfAbsent(metadata.getUid() + metadata.getGeneration(), generation -> timing.notice()))) {
                sync(deployment, sets.stream().filter(set -> set.getMetadata().getOwnerReferences().stream().anyMatch(owner -> owner.getUid().equals(metadata.getUid()))).toList(), pods);
            }
        }
    }

    private void sync(Deployment deployment, List<ReplicaSet> sets, List<Pod> pods) {
        var hash = hash(deployment);
        var present = sets.stream().filter(set -> hash.equals(set.getMetadata().getLabels().get(HASH))).findFirst();
        var old = sets.stream().filter(set -> present.isEmpty() || set != present.get()).toList();
        if (strategy(deployment).filter(strategy -> "Recreate".equals(strategy.getType())).isPresent()) {
            recreate(deployment, hash, present, old, pods);
        } else {
            roll(deployment, hash, present, old, pods);
        }
        report.write(deployment, present, old, pods);
    }

    private void recreate(Deployment deployment, String hash, Optional<ReplicaSet> present, List<ReplicaSet> old, List<Pod> pods) {
        old.forEach(set -> scale(set, 0));
        var isOldGone = old.stream().allMatch(set -> pods.stream().noneMatch(pod -> pod.getMetadata().getOwnerReferences().stream().anyMatch(owner -> owner.getUid().equals(set.getMetadata().getUid()))));
        if (isOldGone) {
            scale(present.orElseGet(() -> create(deployment, hash)), wanted(deployment));
        }
    }

    private void roll(Deployment deployment, String hash, Optional<ReplicaSet> present, List<ReplicaSet> old, List<Pod> pods) {
        var wanted = wanted(deployment);
        var oldReplicas = old.stream().mapToInt(set -> set.getSpec().getReplicas()).sum();
        var rolling = strategy(deployment).map(DeploymentStrategy::getRollingUpdate);
        var surge = rolling.map(RollingUpdateDeployment::getMaxSurge).map(of -> count(of, wanted, Math::ceil)).orElse((int) Math.ceil(wanted / 4.0));
        var unavailable = rolling.map(RollingUpdateDeployment::getMaxUnavailable).map(of -> count(of, wanted, Math::floor)).orElse(wanted / 4);
        var fresh = present.orElseGet(() -> create(deployment, hash));
        var isRolling = oldReplicas > 0;
        scale(fresh, isRolling ? Math.max(Math.min(fresh.getSpec().getReplicas(), wanted), Math.min(wanted, wanted + surge - oldReplicas)) : wanted);
        var ready = ready(fresh, pods) + old.stream().mapToInt(set -> ready(set, pods)).sum();
        var mayGo = ready - (wanted - unavailable);
        for (var set : old) {
            var unready = set.getSpec().getReplicas() - ready(set, pods);
            var going = Math.max(0, unready) + Math.max(0, Math.min(mayGo, ready(set, pods)));
            mayGo -= Math.max(0, going - Math.max(0, unready));
            scale(set, Math.max(0, set.getSpec().getReplicas() - going));
        }
    }

    private static Optional<DeploymentStrategy> strategy(Deployment deployment) {
        return Optional.ofNullable(deployment.getSpec().getStrategy());
    }

    private interface Rounding {
        double round(double number);
    }

    private static int count(IntOrString of, int wanted, Rounding rounding) {
        return of.getIntVal() != null ? of.getIntVal() : (int) rounding.round(wanted * Integer.parseInt(of.getStrVal().replace("%", "")) / 100.0);
    }

    private static int ready(ReplicaSet set, List<Pod> pods) {
        return (int) ReplicaSetController.living(set, pods).stream().filter(Kubelet::isReady).count();
    }

    static int wanted(Deployment deployment) {
        return Optional.ofNullable(deployment.getSpec().getReplicas()).orElse(1);
    }

    private ReplicaSet create(Deployment deployment, String hash) {
        var metadata = deployment.getMetadata();
        return client.resource(new ReplicaSetBuilder().withNewMetadata().withName(metadata.getName() + "-" + hash).withNamespace(metadata.getNamespace())
                .withLabels(deployment.getSpec().getTemplate().getMetadata().getLabels()).addToLabels(HASH, hash)
                .withOwnerReferences(new OwnerReferenceBuilder().withApiVersion("apps/v1").withKind("Deployment").withName(metadata.getName()).withUid(metadata.getUid())
                        .withController(true).withBlockOwnerDeletion(true).build()).endMetadata()
                .withNewSpec().withReplicas(0).withSelector(deployment.getSpec().getSelector())
                .withTemplate(deployment.getSpec().getTemplate()).editTemplate().editMetadata().addToLabels(HASH, hash).endMetadata().endTemplate()
                .endSpec().build()).create();
    }

    private void scale(ReplicaSet set, int replicas) {
        if (set.getSpec().getReplicas() != replicas) {
            set.getSpec().setReplicas(replicas);
            Writes.object(client, set);
        }
    }

    private static String hash(Deployment deployment) {
        var crc = new CRC32();
        crc.update(Serialization.asJson(deployment.getSpec().getTemplate()).getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(crc.getValue());
    }
}
