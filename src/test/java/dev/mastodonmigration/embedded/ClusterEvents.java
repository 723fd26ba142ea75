package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Writes what controllers and kubelets have to say, each thing once and then counted up, as their recorders do. */
final class ClusterEvents {
    private static final Duration BETWEEN_COUNTS = Duration.ofSeconds(2);

    /** One event as last written. */
    private record Told(String name, int count, Instant at) {}

    private final KubernetesClient client;
    private final String component;
    private final Map<String, Told> told = new HashMap<>();

    ClusterEvents(KubernetesClient client, String component) {
        this.client = client;
        this.component = component;
    }

    void warn(HasMetadata about, String reason, String message) {
        var key = about.getMetadata().getUid() + " " + reason + " " + message;
        var before = told.get(key);
        try {
            if (before == null) {
                told.put(key, new Told(create(about, reason, message), 1, Instant.now()));
            } else if (Instant.now().isAfter(before.at().plus(BETWEEN_COUNTS))) {
                told.put(key, new Told(before.name(), before.count() + 1, Instant.now()));
                client.v1().events().inNamespace(about.getMetadata().getNamespace()).withName(before.name()).patch(PatchContext.of(PatchType.JSON),
                        "[{\"op\":\"add\",\"path\":\"/count\",\"value\":" + (before.count() + 1) + "},{\"op\":\"add\",\"path\":\"/lastTimestamp\",\"value\":\"" + Kubelet.time(Instant.now()) + "\"}]");
            }
        } catch (KubernetesClientException bestEffort) {
            // A namespace that terminates takes no events, and one that expired is not counted up.
        }
    }

    private String create(HasMetadata about, String reason, String message) {
        var metadata = about.getMetadata();
        var now = Kubelet.time(Instant.now());
        return client.resource(new EventBuilder().withNewMetadata().withName(metadata.getName() + "." + UUID.randomUUID().toString().replace("-", "").substring(0, 16)).withNamespace(metadata.getNamespace()).endMetadata()
                .withNewInvolvedObject().withApiVersion(about.getApiVersion()).withKind(about.getKind()).withName(metadata.getName()).withNamespace(metadata.getNamespace()).withUid(metadata.getUid()).endInvolvedObject()
                .withType("Warning").withReason(reason).withMessage(message).withCount(1).withFirstTimestamp(now).withLastTimestamp(now)
                .withNewSource().withComponent(component).endSource().withReportingComponent(component).build()).create().getMetadata().getName();
    }
}
