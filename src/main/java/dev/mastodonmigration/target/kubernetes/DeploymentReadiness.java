package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.target.Readiness;
import dev.mastodonmigration.target.Readiness.Count;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads from Deployments how many pods of the present template serve. */
final class DeploymentReadiness {
    private DeploymentReadiness() {}

    static Readiness of(Map<String, Optional<Deployment>> found) {
        var parts = new TreeMap<String, Count>();
        found.forEach((name, deployment) -> deployment.ifPresent(present -> parts.put(name, count(present))));
        return new Readiness(parts, found.entrySet().stream().filter(entry -> entry.getValue().isEmpty()).map(Map.Entry::getKey).sorted().toList(), List.of());
    }

    private static Count count(Deployment deployment) {
        var total = Optional.ofNullable(deployment.getSpec().getReplicas()).orElse(1);
        var status = Optional.ofNullable(deployment.getStatus());
        // Until the controller has seen this generation, its counts are of the one before.
        var current = status.filter(found -> found.getObservedGeneration() == null || deployment.getMetadata().getGeneration() == null
                || found.getObservedGeneration() >= deployment.getMetadata().getGeneration());
        var ready = current.map(found -> Math.min(orZero(found.getReadyReplicas()), found.getUpdatedReplicas() == null ? total : found.getUpdatedReplicas())).orElse(0);
        return new Count(Math.min(ready, total), total);
    }

    private static int orZero(Integer count) {
        return count == null ? 0 : count;
    }
}
