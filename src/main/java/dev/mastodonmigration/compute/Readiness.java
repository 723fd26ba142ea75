package dev.mastodonmigration.compute;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How many pods of each Deployment serve.
 *
 * @param deployments by name; Sidekiq counts 0 of 0 until it is started
 * @param missing     Deployments that should exist and do not
 */
public record Readiness(SortedMap<String, Pods> deployments, List<String> missing) {
    /** Pods that run the present template and are ready, of those wanted. */
    public record Pods(int ready, int total) {
        static Pods of(Deployment deployment) {
            var total = Optional.ofNullable(deployment.getSpec().getReplicas()).orElse(1);
            var status = Optional.ofNullable(deployment.getStatus());
            // Until the controller has seen this generation, its counts are of the one before.
            var current = status.filter(found -> found.getObservedGeneration() == null || deployment.getMetadata().getGeneration() == null
                    || found.getObservedGeneration() >= deployment.getMetadata().getGeneration());
            var ready = current.map(found -> Math.min(orZero(found.getReadyReplicas()), found.getUpdatedReplicas() == null ? total : found.getUpdatedReplicas())).orElse(0);
            return new Pods(Math.min(ready, total), total);
        }

        private static int orZero(Integer count) {
            return count == null ? 0 : count;
        }

        public boolean complete() {
            return ready == total;
        }
    }

    public Readiness {
        deployments = new TreeMap<>(deployments);
        missing = List.copyOf(missing);
    }

    /** Whether everything exists and every wanted pod is ready. */
    public boolean complete() {
        return missing.isEmpty() && deployments.values().stream().allMatch(Pods::complete);
    }

    /** For a status message, as in {@code example-social-web 0/1, example-social-streaming missing}: only what is not ready. */
    public String waitingFor() {
        var late = deployments.entrySet().stream().filter(entry -> !entry.getValue().complete())
                .map(entry -> entry.getKey() + " " + entry.getValue().ready() + "/" + entry.getValue().total()).collect(Collectors.toList());
        missing.forEach(name -> late.add(name + " missing"));
        return String.join(", ", late);
    }

    static Readiness of(Map<String, Optional<Deployment>> found) {
        var deployments = new TreeMap<String, Pods>();
        found.forEach((name, deployment) -> deployment.ifPresent(present -> deployments.put(name, Pods.of(present))));
        return new Readiness(deployments, found.entrySet().stream().filter(entry -> entry.getValue().isEmpty()).map(Map.Entry::getKey).sorted().toList());
    }
}
