package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/** What the API server has; every change raises the resource version and is told to watchers. */
interface ObjectStore {
    /** All objects, of all kinds. */
    List<StoredObject> objects();

    Optional<StoredObject> find(String path);

    StoredObject create(String path, ObjectNode json);

    StoredObject replace(StoredObject current, ObjectNode json);

    void remove(StoredObject current);
}
