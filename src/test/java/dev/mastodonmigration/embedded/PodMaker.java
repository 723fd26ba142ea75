package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Creates pods for a controller, and where the API server refuses one, says so in an event of its owner and tries again later. */
final class PodMaker {
    private static final Duration NEXT_TRY = Duration.ofSeconds(1);
    private static final String POD_SECURITY = "violates PodSecurity";

    private final KubernetesClient client;
    private final Timing timing;
    private final ClusterEvents events;
    private final Consumer<String> violations;
    private final Map<String, Instant> nextTries = new HashMap<>();
    private final Map<String, String> refusals = new HashMap<>();

    PodMaker(KubernetesClient client, Timing timing, String controller, Consumer<String> violations) {
        this.client = client;
        this.timing = timing;
        this.events = new ClusterEvents(client, controller);
        this.violations = violations;
    }

    Optional<Pod> create(HasMetadata owner, Pod pod) {
        var uid = owner.getMetadata().getUid();
        if (!Timing.isDue(nextTries.getOrDefault(uid, Instant.EPOCH))) {
            return Optional.empty();
        }
        try {
            var created = client.resource(pod).create();
            refusals.remove(uid);
            return Optional.of(created);
        } catch (KubernetesClientException refused) {
            var words = Optional.ofNullable(refused.getStatus()).map(status -> status.getMessage()).orElse(refused.getMessage());
            refusals.put(uid, words);
            events.warn(owner, "FailedCreate", "Error creating: " + words);
            if (words.contains(POD_SECURITY)) {
                violations.accept(owner.getKind() + " " + owner.getMetadata().getName() + ": " + words);
            }
            nextTries.put(uid, timing.after(NEXT_TRY));
            return Optional.empty();
        }
    }

    /** Why the last pod of this owner could not be created; empty when it could. */
    Optional<String> refusal(HasMetadata owner) {
        return Optional.ofNullable(refusals.get(owner.getMetadata().getUid()));
    }
}
