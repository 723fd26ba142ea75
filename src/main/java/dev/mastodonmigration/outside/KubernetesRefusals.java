package dev.mastodonmigration.outside;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Tells what the Kubernetes API answered in its own words, so that whoever asks needs to know neither the client nor its exceptions. */
public final class KubernetesRefusals {
    /** Bad request, forbidden (a right, a quota, an admission webhook, a namespace that ends), no such namespace or kind, not allowed, invalid. */
    private static final Set<Integer> LASTING = Set.of(400, 403, 404, 405, 422);

    private KubernetesRefusals() {}

    /** What the request gives. @throws OutsideException when the API refuses it or does not answer */
    public static <T> T asking(Supplier<T> request) {
        try {
            return request.get();
        } catch (KubernetesClientException e) {
            throw of(e);
        }
    }

    static OutsideException of(KubernetesClientException e) {
        var words = Optional.ofNullable(e.getStatus()).map(Status::getMessage).filter(message -> !message.isBlank());
        return new OutsideException(words.map(message -> "The Kubernetes API refused a request: " + message)
                .orElseGet(() -> "The Kubernetes API did not answer: " + cause(e)), !LASTING.contains(e.getCode()));
    }

    private static String cause(Throwable e) {
        return Optional.ofNullable(e.getCause()).map(KubernetesRefusals::cause).orElseGet(() -> Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName()));
    }
}
