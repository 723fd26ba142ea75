package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.http.MockResponse;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Create, PUT and DELETE, with what an API server itself keeps in an object: uid, versions, generation, status apart from the rest, the mark of deletion. */
final class Writing {
    private static final String METADATA = "metadata";
    private static final String STATUS = "status";
    private static final List<String> OWN_METADATA = List.of("uid", "creationTimestamp", "namespace", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion");
    private static final Set<String> WITH_STATUS = Set.of("mastodonmigrations", "pods", "jobs", "deployments", "replicasets", "namespaces");
    private static final int SUFFIX = 5;

    private final ObjectStore store;
    private final Admission admission;
    private final Deletion deletion;
    private final Set<String> namespacesThatWere = new HashSet<>();

    Writing(ObjectStore store, Admission admission, Deletion deletion) {
        this.store = store;
        this.admission = admission;
        this.deletion = deletion;
    }

    JsonNode create(ApiPath path, String collection, ObjectNode object) throws ApiRefusal {
        var metadata = object.withObject("/" + METADATA);
        if (metadata.path("name").asText().isEmpty()) {
            if (metadata.path("generateName").asText().isEmpty()) {
                throw ApiRefusal.of(422, "Invalid", object.path("kind").asText() + " is invalid: metadata.name: Required value: name or generateName is required");
            }
            metadata.put("name", metadata.path("generateName").asText() + UUID.randomUUID().toString().substring(0, SUFFIX));
        }
        var name = metadata.get("name").asText();
        if (path.namespace().isPresent()) {
            requireNamespace(path, metadata, name);
        }
        if (store.find(collection + "/" + name).isPresent()) {
            throw ApiRefusal.of(409, "AlreadyExists", path.resource() + " \"" + name + "\" already exists");
        }
        if (path.plural().equals("mastodonmigrations")) {
            object.remove(STATUS);
        }
        if (path.plural().equals("pods") && !object.has(STATUS)) {
            object.putObject(STATUS).put("phase", Kubelet.PENDING);
        }
        admission.create(path, object);
        metadata = object.withObject("/" + METADATA);
        metadata.remove(List.of("deletionTimestamp", "deletionGracePeriodSeconds"));
        metadata.put("uid", UUID.randomUUID().toString()).put("creationTimestamp", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString()).put("generation", 1);
        var created = store.create(collection + "/" + name, object);
        if (!created.owners().isEmpty()) {
            deletion.collect();
        }
        return created.json();
    }

    /** Other than in a cluster, a namespace is there as soon as something is made in it; but one that was deleted is gone. */
    private void requireNamespace(ApiPath path, ObjectNode metadata, String name) throws ApiRefusal {
        var namespace = path.namespace().orElseThrow();
        var given = metadata.path("namespace").asText(namespace);
        if (!given.equals(namespace)) {
            throw ApiRefusal.of(400, "BadRequest", "the namespace of the provided object does not match the namespace sent on the request");
        }
        metadata.put("namespace", namespace);
        var found = store.find("/api/v1/namespaces/" + namespace);
        if (found.filter(StoredObject::isMarked).isPresent()) {
            throw ApiRefusal.namespaceTerminates(path.resource(), name, namespace);
        }
        if (found.isEmpty()) {
            if (namespacesThatWere.contains(namespace)) {
                throw ApiRefusal.notFound("namespaces", namespace);
            }
            var made = Serialization.jsonMapper().createObjectNode().put("apiVersion", "v1").put("kind", "Namespace");
            made.withObject("/" + METADATA).put("name", namespace).withObject("/labels").put("kubernetes.io/metadata.name", namespace);
            create(ApiPath.of("/api/v1/namespaces").orElseThrow(), "/api/v1/namespaces", made);
        }
    }

    JsonNode update(ApiPath path, String itself, ObjectNode sent) throws ApiRefusal {
        var name = path.name().orElseThrow(() -> ApiRefusal.of(405, "MethodNotAllowed", "the server does not allow this method on the requested resource"));
        if (path.subresource().isPresent() && !path.isStatus()) {
            throw ApiRefusal.notFound(path.resource() + "/" + path.subresource().get(), name);
        }
        var current = store.find(itself).orElseThrow(() -> ApiRefusal.notFound(path.resource(), name));
        var version = sent.path(METADATA).path("resourceVersion").asText();
        if (!version.isEmpty() && !version.equals(current.version())) {
            throw ApiRefusal.conflict(path.resource(), name);
        }
        var updated = path.isStatus() ? withStatus(current.json().deepCopy(), sent.get(STATUS))
                : WITH_STATUS.contains(path.plural()) ? withStatus(sent, current.json().get(STATUS)) : sent;
        keepOwnMetadata(updated, current);
        admission.update(path, updated, current.json());
        if (!path.isStatus() && isAnotherSpec(updated, current.json())) {
            ((ObjectNode) updated.get(METADATA)).put("generation", current.metadata().path("generation").asInt() + 1);
        }
        return deletion.settle(current, updated).json();
    }

    private static ObjectNode withStatus(ObjectNode object, JsonNode status) {
        if (status == null) {
            object.remove(STATUS);
        } else {
            object.set(STATUS, status);
        }
        return object;
    }

    private static void keepOwnMetadata(ObjectNode updated, StoredObject current) throws ApiRefusal {
        var metadata = updated.withObject("/" + METADATA);
        for (var field : OWN_METADATA) {
            if (current.metadata().has(field)) {
                metadata.set(field, current.metadata().get(field));
            } else {
                metadata.remove(field);
            }
        }
        var now = new StoredObject(current.path(), current.key(), updated);
        if (current.isMarked() && !current.finalizers().containsAll(now.finalizers())) {
            throw ApiRefusal.of(422, "Invalid", current.kind() + " \"" + current.name() + "\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted");
        }
    }

    private static boolean isAnotherSpec(ObjectNode updated, ObjectNode current) {
        return !updated.deepCopy().without(List.of(METADATA, STATUS)).equals(current.deepCopy().without(List.of(METADATA, STATUS)));
    }

    /** One object by name, or all that match. */
    MockResponse delete(ApiPath path, String itself, AttributeSet query, JsonNode options) throws ApiRefusal {
        var policy = switch (options.path("propagationPolicy").asText()) {
            case "Foreground" -> Deletion.Policy.FOREGROUND;
            case "Orphan" -> Deletion.Policy.ORPHAN;
            default -> Deletion.Policy.BACKGROUND;
        };
        var grace = options.path("gracePeriodSeconds").asInt(-1) == 0 ? Deletion.Grace.NONE : Deletion.Grace.OF_THE_POD;
        if (path.name().isEmpty()) {
            for (var object : store.objects()) {
                if (object.key().matches(query)) {
                    delete(object, policy, grace);
                }
            }
            return success();
        }
        var found = store.find(itself).orElseThrow(() -> ApiRefusal.notFound(path.resource(), path.name().get()));
        requirePreconditions(path, found, options.path("preconditions"));
        delete(found, policy, grace);
        return store.find(itself).map(marked -> new MockResponse().setResponseCode(200).setHeader("Content-Type", "application/json").setBody(marked.json().toString())).orElseGet(Writing::success);
    }

    private void delete(StoredObject object, Deletion.Policy policy, Deletion.Grace grace) {
        if (object.kind().equals("Namespace")) {
            namespacesThatWere.add(object.name());
        }
        store.find(object.path()).ifPresent(still -> deletion.delete(still, policy, grace));
    }

    private static void requirePreconditions(ApiPath path, StoredObject found, JsonNode preconditions) throws ApiRefusal {
        var uid = Optional.ofNullable(preconditions.get("uid")).map(JsonNode::asText);
        var version = Optional.ofNullable(preconditions.get("resourceVersion")).map(JsonNode::asText);
        if (uid.filter(wanted -> !wanted.equals(found.uid())).isPresent() || version.filter(wanted -> !wanted.equals(found.version())).isPresent()) {
            throw ApiRefusal.conflict(path.resource(), found.name());
        }
    }

    private static MockResponse success() {
        return new MockResponse().setResponseCode(200).setHeader("Content-Type", "application/json").setBody("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\"}");
    }
}
