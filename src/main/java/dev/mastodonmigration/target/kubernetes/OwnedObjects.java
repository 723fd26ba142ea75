package dev.mastodonmigration.target.kubernetes;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Creates, replaces and deletes single objects that carry our label, by name: so the operator's Role needs no list, watch or patch. */
final class OwnedObjects {
    private static final String INTENT_ANNOTATION = "mastodonmigration.dev/intent";

    private final KubernetesClient client;
    private final WorkloadNames names;

    OwnedObjects(KubernetesClient client, WorkloadNames names) {
        this.client = client;
        this.names = names;
    }

    /** The object of that kind and name. @throws ForeignObjectException when it is not ours */
    <T extends HasMetadata> Optional<T> find(Class<T> kind, String name) {
        var found = Optional.ofNullable(client.resources(kind).inNamespace(names.namespace()).withName(name).get());
        found.filter(object -> !Ownership.isOf(names, object)).ifPresent(object -> {
            throw new ForeignObjectException(object);
        });
        return found;
    }

    /**
     * Creates the object, or replaces ours when we now want something else; writes nothing when we want what we last wrote.
     *
     * @param keep carries over from what was found (first) what is not ours to set
     */
    <T extends HasMetadata> void ensure(Class<T> kind, T intent, BiConsumer<T, T> keep) {
        var digest = Digest.of(intent);
        annotate(intent, Map.of(INTENT_ANNOTATION, digest));
        var found = find(kind, intent.getMetadata().getName());
        if (found.isEmpty()) {
            client.resource(intent).create();
        } else if (!digest.equals(annotations(found.get()).get(INTENT_ANNOTATION))) {
            keep.accept(found.get(), intent);
            replace(found.get(), intent);
        }
    }

    /** PUT under the resourceVersion that we read: who wrote in between is not overwritten; the API server answers 409 and we read again next time. */
    private <T extends HasMetadata> void replace(T found, T intent) {
        var others = new HashMap<>(annotations(found));
        others.putAll(annotations(intent));
        intent.getMetadata().setAnnotations(others);
        client.resource(intent).lockResourceVersion(found.getMetadata().getResourceVersion()).update();
    }

    /** Deletes ours; leaves, and does not mind, what is not. */
    <T extends HasMetadata> void delete(Class<T> kind, String name) {
        Optional.ofNullable(client.resources(kind).inNamespace(names.namespace()).withName(name).get())
                .filter(object -> Ownership.isOf(names, object))
                .ifPresent(object -> client.resource(object).withPropagationPolicy(DeletionPropagation.BACKGROUND).delete());
    }

    static Map<String, String> annotations(HasMetadata object) {
        return Optional.ofNullable(object.getMetadata().getAnnotations()).orElse(Map.of());
    }

    static void annotate(HasMetadata object, Map<String, String> more) {
        var all = new HashMap<>(annotations(object));
        all.putAll(more);
        object.getMetadata().setAnnotations(all);
    }
}
