package dev.mastodonmigration.source.heroku;

import static dev.mastodonmigration.outside.KubernetesRefusals.asking;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.OutsideException;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A copy of the Heroku token, made before the source is stopped: whoever deletes the migration and its Secrets together must still get the source started
 * again. No pod mounts it. It has no owner, because a deletion in the foreground removes what a migration owns before the operator may start the source
 * (kubernetes.io, garbage collection); {@link HerokuSource#forgetCredentials} removes it, before the finalizer goes.
 */
@Singleton
public class KeptToken {
    static final String UID_LABEL = "mastodonmigration.dev/uid";
    /** So that a namespace that is being deleted keeps it until the source was started again. */
    private static final String FINALIZER = "mastodonmigration.dev/credentials";
    private static final String KEY = "token";
    /** The longest name of a Secret is 253; a uid has 36 characters. */
    private static final int LONGEST_PREFIX = 200;
    private final KubernetesClient client;

    public KeptToken(KubernetesClient client) {
        this.client = client;
    }

    /** @throws OutsideException when the Kubernetes API refuses or does not answer, as all of these */
    public void keep(MastodonMigration migration, String token) {
        var found = find(migration);
        var data = Map.of(KEY, Base64.getEncoder().encodeToString(token.getBytes(StandardCharsets.UTF_8)));
        if (found.isEmpty()) {
            asking(() -> client.secrets().resource(new SecretBuilder()
                    .withNewMetadata()
                        .withName(name(migration)).withNamespace(migration.getMetadata().getNamespace())
                        .withLabels(Map.of("app.kubernetes.io/managed-by", "mastodon-migration-operator", UID_LABEL, migration.getMetadata().getUid()))
                        .withFinalizers(FINALIZER)
                    .endMetadata()
                    .withType("Opaque").withData(data).build()).create());
        } else if (!data.equals(found.get().getData())) {
            asking(() -> client.secrets().resource(new SecretBuilder(found.get()).withData(data).build()).update());
        }
    }

    public Optional<String> read(MastodonMigration migration) {
        return find(migration).flatMap(secret -> Optional.ofNullable(secret.getData())).map(data -> data.get(KEY))
                .map(value -> new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8));
    }

    public void remove(MastodonMigration migration) {
        find(migration).ifPresent(secret -> {
            asking(() -> client.secrets().resource(new SecretBuilder(secret).editMetadata().withFinalizers(List.of()).endMetadata().build()).update());
            asking(() -> client.secrets().inNamespace(secret.getMetadata().getNamespace()).withName(secret.getMetadata().getName()).delete());
        });
    }

    private Optional<Secret> find(MastodonMigration migration) {
        return Optional.ofNullable(asking(() -> client.secrets().inNamespace(migration.getMetadata().getNamespace()).withName(name(migration)).get()))
                .filter(secret -> Optional.ofNullable(secret.getMetadata().getLabels())
                        .filter(labels -> migration.getMetadata().getUid().equals(labels.get(UID_LABEL))).isPresent());
    }

    private static String name(MastodonMigration migration) {
        var name = migration.getMetadata().getName();
        return name.substring(0, Math.min(name.length(), LONGEST_PREFIX)) + "-source-" + migration.getMetadata().getUid();
    }
}
