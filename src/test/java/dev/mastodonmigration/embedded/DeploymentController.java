package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Stands in for the Deployment controller and its nodes: tells the live instance what is to run, and reports it ready soon after. */
final class DeploymentController {
    private static final Duration TIME_TO_READY = Duration.ofMillis(300);

    private final KubernetesClient client;
    private final Consumer<Deployment> listener;
    private final Consumer<String> violations;
    private final Map<String, Rollout> rollouts = new HashMap<>();

    private record Rollout(Deployment deployment, Instant readyAt) {}

    DeploymentController(KubernetesClient client, Consumer<Deployment> listener, Consumer<String> violations) {
        this.client = client;
        this.listener = listener;
        this.violations = violations;
    }

    void sync(List<Deployment> deployments) {
        var living = new HashSet<String>();
        for (var deployment : deployments) {
            living.add(deployment.getMetadata().getName());
            sync(deployment);
        }
        rollouts.values().removeIf(rollout -> {
            var gone = !living.contains(rollout.deployment().getMetadata().getName());
            if (gone) {
                listener.accept(new DeploymentBuilder(rollout.deployment()).editSpec().withReplicas(0).endSpec().build());
            }
            return gone;
        });
    }

    private void sync(Deployment deployment) {
        var name = deployment.getMetadata().getName();
        var rollout = rollouts.get(name);
        if (rollout == null || !rollout.deployment().getSpec().equals(deployment.getSpec())) {
            var refused = PodSecurity.violations(deployment.getSpec().getTemplate().getSpec());
            refused.forEach(rule -> violations.accept("Deployment " + name + ": " + rule));
            if (refused.isEmpty()) {
                listener.accept(deployment);
                rollouts.put(name, new Rollout(deployment, Instant.now().plus(TIME_TO_READY)));
            }
        } else if (Instant.now().isAfter(rollout.readyAt())) {
            report(deployment);
        }
    }

    private void report(Deployment deployment) {
        var replicas = Optional.ofNullable(deployment.getSpec().getReplicas()).orElse(1);
        var generation = deployment.getMetadata().getGeneration();
        var before = Optional.ofNullable(deployment.getStatus());
        if (before.isPresent() && generation.equals(before.get().getObservedGeneration()) && replicas.equals(before.get().getReplicas())) {
            return;
        }
        var now = Kubelet.time(Instant.now());
        deployment.setStatus(new DeploymentStatusBuilder().withObservedGeneration(generation)
                .withReplicas(replicas).withReadyReplicas(replicas).withAvailableReplicas(replicas).withUpdatedReplicas(replicas)
                .withConditions(new DeploymentConditionBuilder().withType("Available").withStatus("True").withReason("MinimumReplicasAvailable")
                        .withLastUpdateTime(now).withLastTransitionTime(now).build())
                .build());
        Writes.status(client, deployment);
    }
}
