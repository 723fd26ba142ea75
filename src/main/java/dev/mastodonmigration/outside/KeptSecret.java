package dev.mastodonmigration.outside;

import static dev.mastodonmigration.outside.KubernetesRefusals.asking;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a migration must not lose, whoever deletes it and its Secrets together: a copy of credentials of the admin's, which going back needs, or what an edge is told by. It has no owner, because a deletion
 * in the foreground removes what a migration owns before the operator may go back (kubernetes.io, garbage collection).
 *
 * @param uid the migration's
 */
public record KeptSecret(KubernetesClient client, String namespace, String name, String uid) {
    public static final String UID_LABEL = "mastodonmigration.dev/uid";
    /** So that a namespace that is being deleted keeps it until it is no longer needed. */
    private static final String FINALIZER = "mastodonmigration.dev/credentials";

    /** Writes nothing when it holds just that. @throws OutsideException when the Kubernetes API refuses or does not answer, as all of these */
    public void keep(Map<String, String> values) {
        var found = find();
        var data = new TreeMap<String, String>();
        values.forEach((key, value) -> data.put(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        if (found.isEmpty()) {
            asking(() -> client.secrets().resource(new SecretBuilder()
                    .withNewMetadata()
                        .withName(name).withNamespace(namespace)
                        .withLabels(Map.of("app.kubernetes.io/managed-by", "mastodon-migration-operator", UID_LABEL, uid))
                        .withFinalizers(FINALIZER)
                    .endMetadata()
                    .withType("Opaque").withData(data).build()).create());
        } else if (!data.equals(found.get().getData())) {
            asking(() -> client.secrets().resource(new SecretBuilder(found.get()).withData(data).build()).update());
        }
    }

    public Optional<Map<String, String>> read() {
        return find().flatMap(secret -> Optional.ofNullable(secret.getData())).map(data -> {
            var values = new TreeMap<String, String>();
            data.forEach((key, value) -> values.put(key, new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
            return values;
        });
    }

    public void remove() {
        find().ifPresent(secret -> {
            asking(() -> client.secrets().resource(new SecretBuilder(secret).editMetadata().withFinalizers(List.of()).endMetadata().build()).update());
            asking(() -> client.secrets().inNamespace(namespace).withName(name).delete());
        });
    }

    private Optional<Secret> find() {
        return Optional.ofNullable(asking(() -> client.secrets().inNamespace(namespace).withName(name).get()))
                .filter(secret -> Optional.ofNullable(secret.getMetadata().getLabels()).filter(labels -> uid.equals(labels.get(UID_LABEL))).isPresent());
    }
}
