package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.mockwebserver.crud.AttributeSet;
import java.util.ArrayList;
import java.util.List;

/**
 * One object of the API server.
 *
 * @param path its own
 * @param key  under which Fabric8's server files it
 * @param json never changed in place
 */
record StoredObject(String path, AttributeSet key, ObjectNode json) {
    static final String FOREGROUND = "foregroundDeletion";

    /** As {@code metadata.ownerReferences} has it. */
    record Owner(String uid, boolean blocked) {}

    JsonNode metadata() {
        return json.path("metadata");
    }

    String kind() {
        return json.path("kind").asText();
    }

    String name() {
        return metadata().path("name").asText();
    }

    String namespace() {
        return metadata().path("namespace").asText();
    }

    String uid() {
        return metadata().path("uid").asText();
    }

    String version() {
        return metadata().path("resourceVersion").asText();
    }

    boolean isMarked() {
        return metadata().hasNonNull("deletionTimestamp");
    }

    /** Waits until the dependents that block its deletion are gone. */
    boolean waitsForDependents() {
        return isMarked() && finalizers().contains(FOREGROUND);
    }

    List<String> finalizers() {
        var all = new ArrayList<String>();
        metadata().path("finalizers").forEach(finalizer -> all.add(finalizer.asText()));
        return all;
    }

    List<Owner> owners() {
        var all = new ArrayList<Owner>();
        metadata().path("ownerReferences").forEach(owner -> all.add(new Owner(owner.path("uid").asText(), owner.path("blockOwnerDeletion").asBoolean())));
        return all;
    }

    /** A pod that a node may have started is removed only when the node says that it has ended. */
    boolean isOnANode() {
        return kind().equals("Pod") && json.path("spec").hasNonNull("nodeName") && !List.of("Succeeded", "Failed").contains(json.path("status").path("phase").asText());
    }
}
