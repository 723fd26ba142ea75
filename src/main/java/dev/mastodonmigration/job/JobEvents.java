package dev.mastodonmigration.job;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Kubernetes' own words for what keeps a Job from its pods (a quota, an admission webhook) or a pod from its volumes: they stand in events alone. */
final class JobEvents {
    private final KubernetesClient client;

    JobEvents(KubernetesClient client) {
        this.client = client;
    }

    /** The newest warning about that object since then, as "FailedCreate: pods … is forbidden: exceeded quota". */
    Optional<String> warning(String namespace, String uid, Instant since) {
        return client.v1().events().inNamespace(namespace).withField("involvedObject.uid", uid).list().getItems().stream()
                .filter(event -> uid.equals(event.getInvolvedObject().getUid()) && "Warning".equals(event.getType()) && !time(event).isBefore(since))
                .max(Comparator.comparing(JobEvents::time))
                .map(event -> event.getReason() + ": " + event.getMessage());
    }

    /** Of the newer kind of event, {@code eventTime} alone is set; of one that repeats, {@code series}. */
    private static Instant time(Event event) {
        var series = event.getSeries() == null ? null : event.getSeries().getLastObservedTime();
        return Stream.concat(Stream.of(event.getFirstTimestamp(), event.getLastTimestamp()), Stream.of(event.getEventTime(), series).filter(Objects::nonNull).map(MicroTime::getTime))
                .filter(Objects::nonNull).map(Instant::parse).max(Comparator.naturalOrder()).orElse(Instant.MIN);
    }
}
