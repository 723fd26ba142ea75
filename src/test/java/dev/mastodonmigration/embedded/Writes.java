package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;

/** Writes of controllers that look again soon: an object that is gone or changed meanwhile is not an error. */
final class Writes {
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;

    private Writes() {}

    /** Writes the object's status; gives the object as stored, or as it was when it is gone or changed meanwhile. */
    static <T extends HasMetadata> T status(KubernetesClient client, T object) {
        try {
            return client.resource(object).updateStatus();
        } catch (KubernetesClientException e) {
            return unlessPassed(e, object);
        }
    }

    /** Writes the object itself, likewise. */
    static <T extends HasMetadata> T object(KubernetesClient client, T object) {
        try {
            return client.resource(object).update();
        } catch (KubernetesClientException e) {
            return unlessPassed(e, object);
        }
    }

    private static <T> T unlessPassed(KubernetesClientException e, T object) {
        if (e.getCode() == NOT_FOUND || e.getCode() == CONFLICT) {
            return object;
        }
        throw e;
    }
}
