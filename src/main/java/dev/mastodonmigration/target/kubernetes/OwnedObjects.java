package dev.mastodonmigration.target.kubernetes;

import static dev.mastodonmigration.outside.KubernetesRefusals.asking;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Creates, replaces and deletes single objects that carry our label, by name, and lists only pods, Jobs and CronJobs with it, and events: so the operator's Role needs no
 * watch and no patch. What the API refuses comes out as an {@link dev.mastodonmigration.outside.OutsideException}.
 */
final class OwnedObjects {
    private static final String INTENT_ANNOTATION = "mastodonmigration.dev/intent";
    /** Argo CD 2 takes what carries the name of an Application in app.kubernetes.io/instance for that Application's, and would delete the live instance as no longer wanted. */
    private static final Map<String, String> NOT_TO_BE_PRUNED = Map.of("argocd.argoproj.io/sync-options", "Prune=false", "argocd.argoproj.io/compare-options", "IgnoreExtraneous");

    private final KubernetesClient client;
    private final WorkloadNames names;

    OwnedObjects(KubernetesClient client, WorkloadNames names) {
        this.client = client;
        this.names = names;
    }

    /** The object of that kind and name. @throws ForeignObjectException when it is not ours */
    <T extends HasMetadata> Optional<T> find(Class<T> kind, String name) {
        var found = get(kind, name);
        found.filter(object -> !Ownership.isOf(names, object)).ifPresent(object -> {
            throw new ForeignObjectException(object);
        });
        return found;
    }

    /** The same, or nothing when it is not ours. */
    <T extends HasMetadata> Optional<T> ours(Class<T> kind, String name) {
        return get(kind, name).filter(object -> Ownership.isOf(names, object));
    }

    /** Whoever made it. */
    <T extends HasMetadata> Optional<T> get(Class<T> kind, String name) {
        return asking(() -> Optional.ofNullable(client.resources(kind).inNamespace(names.namespace()).withName(name).get()));
    }

    /** Whether the cluster has objects of that kind at all. */
    boolean isServed(Class<? extends HasMetadata> kind) {
        return asking(() -> Optional.ofNullable(client.getApiResources(HasMetadata.getApiVersion(kind)))).stream().flatMap(served -> served.getResources().stream())
                .anyMatch(resource -> resource.getKind().equals(HasMetadata.getKind(kind)));
    }

    /** Our pods, of whatever they are. */
    List<Pod> pods() {
        return asking(() -> client.pods().inNamespace(names.namespace()).withLabel(WorkloadNames.UID_LABEL, names.uid()).list().getItems());
    }

    /** Our Jobs, of whatever they are. */
    List<Job> jobs() {
        return asking(() -> client.batch().v1().jobs().inNamespace(names.namespace()).withLabel(WorkloadNames.UID_LABEL, names.uid()).list().getItems());
    }

    /** Our CronJobs. */
    List<CronJob> cronJobs() {
        return asking(() -> client.batch().v1().cronjobs().inNamespace(names.namespace()).withLabel(WorkloadNames.UID_LABEL, names.uid()).list().getItems());
    }

    /** Of our namespace, about whatever. One list, because many pods may have something to tell. */
    List<Event> warnings() {
        return asking(() -> client.v1().events().inNamespace(names.namespace()).list().getItems()).stream().filter(event -> "Warning".equals(event.getType())).toList();
    }

    void create(HasMetadata intent) {
        annotate(intent, NOT_TO_BE_PRUNED);
        asking(() -> client.resource(intent).create());
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
            create(intent);
        } else if (!digest.equals(annotations(found.get()).get(INTENT_ANNOTATION))) {
            keep.accept(found.get(), intent);
            var others = new HashMap<>(annotations(found.get()));
            others.putAll(annotations(intent));
            intent.getMetadata().setAnnotations(others);
            annotate(intent, NOT_TO_BE_PRUNED);
            replace(found.get(), intent);
        }
    }

    /** PUT under the resourceVersion that we read: who wrote in between is not overwritten; the API server answers 409 and we read again next time. */
    <T extends HasMetadata> void replace(T found, T intent) {
        var version = found.getMetadata().getResourceVersion();
        asking(() -> client.resource(intent).lockResourceVersion(version).update());
    }

    /** Deletes ours; leaves, and does not mind, what is not. */
    <T extends HasMetadata> void delete(Class<T> kind, String name) {
        ours(kind, name).ifPresent(object -> asking(() -> client.resource(object).withPropagationPolicy(DeletionPropagation.BACKGROUND).delete()));
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
