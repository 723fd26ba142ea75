package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.fabric8.zjsonpatch.JsonPatch;
import io.fabric8.zjsonpatch.JsonPatchException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/**
 * Fabric8's CRUD server with the manners of a real API server where we would notice the difference: it files and finds objects, everything that changes one is
 * decided here, in {@link Writing}, {@link Admission} and {@link Deletion}.
 */
final class ClusterLikeDispatcher extends KubernetesCrudDispatcher implements ObjectStore {
    private static final Pattern SEEN_VERSION = Pattern.compile("[?&]resourceVersion=([1-9][0-9]*)");
    private static final int OK = 200;
    private static final int CREATED = 201;

    /** A request may read while no other one writes: Fabric8's server replaces by remove and put. */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final Map<String, StoredObject> objects = new LinkedHashMap<>();
    private final WatchHistory history = new WatchHistory();
    private final Deletion deletion = new Deletion(this);
    private final Admission admission;
    private final Writing writing;
    private long version;
    private volatile BiConsumer<RecordedRequest, MockResponse> beforeAnswering = (request, answer) -> {};

    private interface Action {
        MockResponse run() throws ApiRefusal;
    }

    ClusterLikeDispatcher(List<CustomResourceDefinitionContext> customResources, ServedCrd crd) {
        super(customResources);
        admission = new Admission(this, crd);
        writing = new Writing(this, admission, deletion);
    }

    void beforeAnswering(BiConsumer<RecordedRequest, MockResponse> then) {
        beforeAnswering = then;
    }

    Admission admission() {
        return admission;
    }

    /** Ends all watches, whose watchers then have to list anew. */
    void expireWatches() {
        locked(lock.writeLock(), () -> {
            history.forget(version);
            history.endAll();
            return new MockResponse();
        });
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
        var answer = ApiPath.of(request.getPath()).filter(path -> request.method() != HttpMethod.GET).map(path -> locked(lock.writeLock(), () -> write(request, path)))
                .orElseGet(() -> super.dispatch(request));
        beforeAnswering.accept(request, answer);
        return answer;
    }

    private MockResponse write(RecordedRequest request, ApiPath path) throws ApiRefusal {
        var itself = request.getPath().replaceFirst("\\?.*", "").replaceFirst("/status$", "");
        return switch (request.method()) {
            case POST -> answer(CREATED, writing.create(path, itself, body(request)));
            case PUT -> answer(OK, writing.update(path, itself, body(request)));
            case PATCH -> answer(OK, writing.update(path, itself, patched(request, path, itself)));
            case DELETE -> writing.delete(path, itself, getKey(request.getPath()), options(request));
            default -> throw ApiRefusal.of(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
        };
    }

    private static MockResponse answer(int code, JsonNode object) {
        return new MockResponse().setResponseCode(code).setHeader("Content-Type", "application/json").setBody(object.toString());
    }

    private static ObjectNode body(RecordedRequest request) throws ApiRefusal {
        return parse(request) instanceof ObjectNode object ? object : refuse("the body of the request is no object");
    }

    private static ObjectNode options(RecordedRequest request) throws ApiRefusal {
        return text(request).isBlank() ? Serialization.jsonMapper().createObjectNode() : body(request);
    }

    private static JsonNode parse(RecordedRequest request) throws ApiRefusal {
        try {
            return Serialization.jsonMapper().readTree(text(request));
        } catch (JsonProcessingException e) {
            return refuse("the body of the request is not JSON");
        }
    }

    private static <T> T refuse(String message) throws ApiRefusal {
        throw ApiRefusal.of(400, "BadRequest", message);
    }

    private static String text(RecordedRequest request) {
        return new String(request.getBody().getBytes(), StandardCharsets.UTF_8);
    }

    /** The operator framework sets its finalizer by a JSON patch; nothing of ours patches, and nothing shall begin to. */
    private ObjectNode patched(RecordedRequest request, ApiPath path, String itself) throws ApiRefusal {
        var type = Optional.ofNullable(request.getHeader("Content-Type")).orElse("");
        if (!type.startsWith("application/json-patch+json")) {
            throw ApiRefusal.of(415, "UnsupportedMediaType", "the body of the request was in an unknown format - this API server takes application/json-patch+json alone, not " + type);
        }
        var current = find(itself).orElseThrow(() -> ApiRefusal.notFound(path.resource(), path.name().orElse("")));
        try {
            return (ObjectNode) JsonPatch.apply(parse(request), current.json().deepCopy());
        } catch (JsonPatchException e) {
            throw ApiRefusal.of(422, "Invalid", "the server rejected our request due to an error in our request: " + e.getMessage());
        }
    }

    @Override
    public MockResponse handleGet(String path) {
        return locked(lock.readLock(), () -> {
            var answer = EventFieldSelector.answer(path, super::handleGet);
            var found = ApiPath.of(path);
            if (answer.code() == 404 && found.isPresent()) {
                throw ApiRefusal.notFound(found.get().resource(), found.get().name().orElse(""));
            }
            return answer;
        });
    }

    /** From where the watcher's list ended; from the present without a list. */
    @Override
    public MockResponse handleWatch(String path) {
        var seen = SEEN_VERSION.matcher(path);
        var query = getKey(path);
        return seen.find() ? history.watch(query, Long.parseLong(seen.group(1)))
                : history.watch(query, objects().stream().filter(object -> object.key().matches(query)).map(StoredObject::json).toList());
    }

    @Override
    public List<StoredObject> objects() {
        return List.copyOf(objects.values());
    }

    @Override
    public Optional<StoredObject> find(String path) {
        return Optional.ofNullable(objects.get(path));
    }

    @Override
    public StoredObject create(String path, ObjectNode json) {
        return store(path, Optional.empty(), json);
    }

    @Override
    public StoredObject replace(StoredObject current, ObjectNode json) {
        return store(current.path(), Optional.of(current.key()), json);
    }

    private StoredObject store(String path, Optional<AttributeSet> before, ObjectNode json) {
        version = requestResourceVersion();
        ((ObjectNode) json.get("metadata")).put("resourceVersion", String.valueOf(version));
        var text = json.toString();
        processEvent(path, getKey(path), before.orElse(null), null, text);
        var key = map.entrySet().stream().filter(entry -> entry.getValue().equals(text)).findFirst().orElseThrow().getKey();
        var stored = new StoredObject(path, key, json);
        objects.put(path, stored);
        history.append(version, before, Optional.of(key), json);
        return stored;
    }

    @Override
    public void remove(StoredObject current) {
        version = requestResourceVersion();
        var last = current.json().deepCopy();
        ((ObjectNode) last.get("metadata")).put("resourceVersion", String.valueOf(version));
        processEvent(current.path(), current.key(), current.key(), null, null);
        objects.remove(current.path());
        history.append(version, Optional.of(current.key()), Optional.empty(), last);
    }

    private static MockResponse locked(Lock lock, Action action) {
        lock.lock();
        try {
            return action.run();
        } catch (ApiRefusal refusal) {
            return refusal.response();
        } finally {
            lock.unlock();
        }
    }
}
