package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.mastodon.Example;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;
import java.util.function.UnaryOperator;

/** What controllers and kubelets would have written about the example's instance, by hand. */
final class DeployedInstance {
    static final String NAMESPACE = "mastodon";
    private final KubernetesClient client;
    private int made;

    DeployedInstance(KubernetesClient client) {
        this.client = client;
        new KubernetesComputes(client).of(Example.migration()).ensure(Example.environment());
    }

    Deployment deployment(String name) {
        return client.apps().deployments().inNamespace(NAMESPACE).withName(name).get();
    }

    /** The Deployment's controller reports, of the present generation unless it says another. */
    void report(String name, UnaryOperator<DeploymentStatusBuilder> status) {
        var deployment = deployment(name);
        deployment.setStatus(status.apply(new DeploymentStatusBuilder().withObservedGeneration(deployment.getMetadata().getGeneration())).build());
        client.resource(deployment).update();
    }

    /** As many of that many pods, all of the present template, serve. */
    void report(String name, int pods, int ready) {
        report(name, status -> status.withReplicas(pods).withUpdatedReplicas(pods).withReadyReplicas(ready));
    }

    /** A pod of the Deployment's present template. */
    Pod pod(String deployment, PodStatus status) {
        return pod(deployment(deployment).getSpec().getTemplate(), Map.of(), status);
    }

    Pod pod(PodTemplateSpec template, Map<String, String> annotations, PodStatus status) {
        return create(new PodBuilder().withMetadata(template.getMetadata()).editMetadata().withNamespace(NAMESPACE).withName("pod-" + ++made).withUid("uid-" + made)
                .addToAnnotations(annotations).endMetadata().withSpec(template.getSpec()).withStatus(status).build());
    }

    <T extends HasMetadata> T create(T object) {
        return client.resource(object).create();
    }

    static PodStatus status(ContainerStatus container) {
        var status = new PodStatus();
        status.setPhase("Pending");
        status.getContainerStatuses().add(container);
        return status;
    }

    void warning(String kind, String name, String uid, String reason, String message) {
        create(new EventBuilder().withNewMetadata().withNamespace(NAMESPACE).withName("event-" + ++made).endMetadata().withType("Warning").withReason(reason).withMessage(message)
                .withNewInvolvedObject().withKind(kind).withName(name).withUid(uid).withNamespace(NAMESPACE).endInvolvedObject()
                .withLastTimestamp("2026-11-22T20:00:" + (10 + made) + "Z").build());
    }
}
