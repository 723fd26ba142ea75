package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.target.Readiness.Count;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import java.util.Optional;

/** Reads from a Deployment how many pods of its present template serve. */
final class DeploymentReadiness {
    private DeploymentReadiness() {}

    /** @param revision that is to run; a Deployment of another one has not been brought up to date yet */
    static Count of(Deployment deployment, String revision) {
        var total = Optional.ofNullable(deployment.getSpec().getReplicas()).orElse(1);
        var upToDate = revision.equals(OwnedObjects.annotations(deployment).get(Workloads.REVISION_ANNOTATION));
        // Until the controller has seen this generation, its counts are of the one before.
        var status = Optional.ofNullable(deployment.getStatus()).filter(found -> upToDate && (deployment.getMetadata().getGeneration() == null
                || orZero(found.getObservedGeneration()) >= deployment.getMetadata().getGeneration()));
        return new Count(Math.min(status.map(DeploymentReadiness::readyOfPresent).orElse(0), total), total);
    }

    /** Ready ones are counted over old and new pods together, so each that is not updated is taken for a ready one that a rollout has still to replace. */
    private static int readyOfPresent(DeploymentStatus status) {
        return Math.max(0, orZero(status.getReadyReplicas()) - (orZero(status.getReplicas()) - orZero(status.getUpdatedReplicas())));
    }

    private static long orZero(Long count) {
        return count == null ? 0 : count;
    }

    private static int orZero(Integer count) {
        return count == null ? 0 : count;
    }
}
