package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Brings Fabric8's CRUD server nearer to a cluster where we would notice: it has no garbage collection (fabric8io/kubernetes-client
 * issue 5607), accepts a PUT of status with a stale resourceVersion, and marks a deletion without raising the resourceVersion.
 */
final class ClusterLikeDispatcher extends KubernetesCrudDispatcher {
    /** The server replaces by remove and put: a reader in between would take an object for gone. */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private volatile BiConsumer<RecordedRequest, MockResponse> beforeAnswering = (request, answer) -> {};

    ClusterLikeDispatcher(List<CustomResourceDefinitionContext> customResources) {
        super(customResources);
    }

    void beforeAnswering(BiConsumer<RecordedRequest, MockResponse> then) {
        beforeAnswering = then;
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
        var answer = super.dispatch(request);
        beforeAnswering.accept(request, answer);
        return answer;
    }

    @Override
    public MockResponse handleGet(String path) {
        return locked(lock.readLock(), () -> EventFieldSelector.answer(path, super::handleGet));
    }

    @Override
    public MockResponse handleCreate(RecordedRequest request) {
        return locked(lock.writeLock(), () -> super.handleCreate(request));
    }

    @Override
    public MockResponse handlePatch(RecordedRequest request) {
        return locked(lock.writeLock(), () -> super.handlePatch(request));
    }

    @Override
    public MockResponse handleUpdate(RecordedRequest request) {
        return locked(lock.writeLock(), () -> isStale(request) ? conflict() : super.handleUpdate(request));
    }

    @Override
    public MockResponse handleDelete(String path) {
        return locked(lock.writeLock(), () -> {
            var held = Optional.ofNullable(findResource(getKey(path))).filter(entry -> path.endsWith("/" + read(entry.getValue()).getMetadata().getName()))
                    .filter(entry -> !read(entry.getValue()).getFinalizers().isEmpty());
            if (held.isEmpty()) {
                return super.handleDelete(path);
            }
            delete(held.get(), read(held.get().getValue()));
            return new MockResponse().setResponseCode(200).setBody(findResource(getKey(path)).getValue());
        });
    }

    @Override
    public void processEvent(String path, AttributeSet pathAttributes, AttributeSet oldAttributes, GenericKubernetesResource resource, String newState) {
        var before = oldAttributes == null ? null : map.get(oldAttributes);
        super.processEvent(path, pathAttributes, oldAttributes, resource, newState);
        if (before != null && newState == null) {
            collect(read(before).getMetadata().getUid());
        }
    }

    private boolean isStale(RecordedRequest request) {
        var current = findResource(getKey(request.getPath()));
        var sent = read(new String(request.getBody().getBytes(), StandardCharsets.UTF_8)).getMetadata().getResourceVersion();
        return current != null && sent != null && !sent.isEmpty() && !sent.equals(read(current.getValue()).getMetadata().getResourceVersion());
    }

    private static MockResponse conflict() {
        var status = new StatusBuilder().withStatus("Failure").withCode(409).withReason("Conflict")
                .withMessage("the object has been modified; please apply your changes to the latest version and try again").build();
        return new MockResponse().setResponseCode(409).setHeader("Content-Type", "application/json").setBody(Serialization.asJson(status));
    }

    private void collect(String ownerUid) {
        for (var entry : new ArrayList<>(map.entrySet())) {
            var dependent = read(entry.getValue());
            if (map.containsKey(entry.getKey()) && isOwnedOnlyBy(ownerUid, dependent)) {
                delete(entry, dependent);
            }
        }
    }

    /** Removes the object, or marks it while finalizers hold it. */
    private void delete(Map.Entry<AttributeSet, String> entry, GenericKubernetesResource object) {
        if (object.getFinalizers().isEmpty()) {
            processEvent("", entry.getKey(), entry.getKey(), null, null);
        } else if (!object.isMarkedForDeletion()) {
            object.getMetadata().setDeletionTimestamp(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
            object.getMetadata().setResourceVersion(String.valueOf(requestResourceVersion()));
            processEvent("", entry.getKey(), entry.getKey(), object, Serialization.asJson(object));
        }
    }

    private boolean isOwnedOnlyBy(String uid, HasMetadata object) {
        var owners = object.getMetadata().getOwnerReferences().stream().map(OwnerReference::getUid).toList();
        return owners.contains(uid) && owners.stream().allMatch(owner -> owner.equals(uid) || !exists(owner));
    }

    private boolean exists(String uid) {
        return map.values().stream().anyMatch(json -> uid.equals(read(json).getMetadata().getUid()));
    }

    private static GenericKubernetesResource read(String json) {
        return Serialization.unmarshal(json, GenericKubernetesResource.class);
    }

    private static MockResponse locked(Lock lock, Supplier<MockResponse> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }
}
