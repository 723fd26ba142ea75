package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Deletes as a cluster does: finalizers and nodes hold an object, dependents go behind it or, in the foreground, before it, and a namespace takes all along
 * (https://kubernetes.io/docs/concepts/architecture/garbage-collection/).
 */
final class Deletion {
    /** What becomes of dependents. */
    enum Policy { BACKGROUND, FOREGROUND, ORPHAN }

    /** How long the node may take. */
    enum Grace { OF_THE_POD, NONE }

    private static final String NAMESPACE = "Namespace";
    private static final String GRACE = "deletionGracePeriodSeconds";
    private static final int DEFAULT_GRACE_SECONDS = 30;

    private final ObjectStore store;
    /** Every object that ever was: an owner that nobody has seen is a test's invention, and its dependents stay. */
    private final Set<String> seen = new HashSet<>();

    Deletion(ObjectStore store) {
        this.store = store;
    }

    /** Deletes one object, or marks it while something holds it. */
    void delete(StoredObject object, Policy policy, Grace grace) {
        if (policy == Policy.ORPHAN) {
            dependents(object).forEach(dependent -> store.replace(dependent, withoutOwner(dependent, object.uid())));
        }
        var marked = object.json().deepCopy();
        var metadata = (ObjectNode) marked.get("metadata");
        if (policy == Policy.FOREGROUND && !object.finalizers().contains(StoredObject.FOREGROUND)) {
            metadata.withArray("finalizers").add(StoredObject.FOREGROUND);
        }
        if (!object.isMarked()) {
            metadata.put("deletionTimestamp", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        }
        if (object.kind().equals("Pod") && (grace == Grace.NONE || !metadata.has(GRACE))) {
            metadata.put(GRACE, grace == Grace.NONE || !object.isOnANode() ? 0 : marked.at("/spec/terminationGracePeriodSeconds").asInt(DEFAULT_GRACE_SECONDS));
        }
        if (object.kind().equals(NAMESPACE)) {
            marked.withObject("/status").put("phase", "Terminating");
        }
        settle(object, marked);
    }

    /** Stores the object as it is now, or removes it if it is marked and nothing holds it any more. */
    StoredObject settle(StoredObject before, ObjectNode after) {
        var now = new StoredObject(before.path(), before.key(), after);
        if (now.isMarked() && !isHeld(now)) {
            seen.add(before.uid());
            store.remove(before);
            collect();
            return now;
        }
        var stored = after.equals(before.json()) ? before : store.replace(before, after);
        if (stored.isMarked()) {
            collect();
        }
        return stored;
    }

    private boolean isHeld(StoredObject object) {
        return !object.finalizers().isEmpty() || object.metadata().path(GRACE).asInt(0) > 0 || object.kind().equals(NAMESPACE) && !contents(object).isEmpty();
    }

    /** Does what follows from a deletion, or from an object that came too late, until nothing follows any more. */
    void collect() {
        store.objects().forEach(object -> seen.add(object.uid()));
        while (store.objects().stream().anyMatch(this::follows)) {
            store.objects().forEach(object -> seen.add(object.uid()));
        }
    }

    /** Whether something was done about this object; the list that it is from may be older than it. */
    private boolean follows(StoredObject listed) {
        var now = store.find(listed.path()).filter(object -> object.uid().equals(listed.uid()));
        if (now.isEmpty()) {
            return false;
        }
        var object = now.get();
        if (!object.isMarked() && isOwnerless(object)) {
            delete(object, waitsForOwner(object) ? Policy.FOREGROUND : Policy.BACKGROUND, Grace.OF_THE_POD);
            return true;
        }
        if (object.waitsForDependents() && dependents(object).stream().noneMatch(dependent -> blocks(dependent, object))) {
            settle(object, withoutFinalizer(object, StoredObject.FOREGROUND));
            return true;
        }
        if (object.kind().equals(NAMESPACE) && object.isMarked()) {
            var deletable = contents(object).stream().filter(content -> !content.isMarked()).toList();
            deletable.forEach(content -> store.find(content.path()).ifPresent(still -> delete(still, Policy.BACKGROUND, Grace.OF_THE_POD)));
            if (contents(object).isEmpty()) {
                store.find(object.path()).ifPresent(store::remove);
                return true;
            }
            return !deletable.isEmpty();
        }
        return false;
    }

    /** Whether it had owners and each is gone, or only waits for it to go. */
    private boolean isOwnerless(StoredObject object) {
        var owners = object.owners();
        return !owners.isEmpty() && owners.stream().allMatch(owner -> store.objects().stream().filter(other -> other.uid().equals(owner.uid())).findFirst()
                .map(StoredObject::waitsForDependents).orElseGet(() -> seen.contains(owner.uid())));
    }

    private boolean waitsForOwner(StoredObject object) {
        return object.owners().stream().anyMatch(owner -> store.objects().stream().anyMatch(other -> other.uid().equals(owner.uid()))) && !dependents(object).isEmpty();
    }

    private List<StoredObject> dependents(StoredObject owner) {
        return store.objects().stream().filter(object -> object.owners().stream().anyMatch(reference -> reference.uid().equals(owner.uid()))).toList();
    }

    private static boolean blocks(StoredObject dependent, StoredObject owner) {
        return dependent.owners().stream().anyMatch(reference -> reference.uid().equals(owner.uid()) && reference.blocked());
    }

    private List<StoredObject> contents(StoredObject namespace) {
        return store.objects().stream().filter(object -> object.namespace().equals(namespace.name())).toList();
    }

    private static ObjectNode withoutFinalizer(StoredObject object, String finalizer) {
        var json = object.json().deepCopy();
        var kept = ((ObjectNode) json.get("metadata")).putArray("finalizers");
        object.finalizers().stream().filter(other -> !other.equals(finalizer)).forEach(kept::add);
        return json;
    }

    private static ObjectNode withoutOwner(StoredObject object, String uid) {
        var json = object.json().deepCopy();
        var owners = (ArrayNode) json.at("/metadata/ownerReferences");
        for (var i = owners.size() - 1; i >= 0; i--) {
            if (owners.get(i).path("uid").asText().equals(uid)) {
                owners.remove(i);
            }
        }
        return json;
    }
}
