package dev.mastodonmigration.job;

import dev.mastodonmigration.api.MastodonMigration;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * A copy of the Heroku token, in a Secret that the migration owns, made before the source is stopped: whoever deletes the migration and its
 * Secrets together must still get the source started again. No pod mounts it, and it goes with the migration.
 */
@Singleton
public class KeptToken {
    private static final String KEY = "token";
    private final KubernetesClient client;

    public KeptToken(KubernetesClient client) {
        this.client = client;
    }

    public void keep(MastodonMigration migration, String token) {
        var found = find(migration);
        var data = Map.of(KEY, Base64.getEncoder().encodeToString(token.getBytes(StandardCharsets.UTF_8)));
        if (found.isEmpty()) {
            client.secrets().resource(new SecretBuilder()
                    .withNewMetadata()
                        .withName(name(migration)).withNamespace(migration.getMetadata().getNamespace())
                        .withLabels(WorkerJob.labels(migration)).withOwnerReferences(WorkerJob.owner(migration))
                    .endMetadata()
                    .withType("Opaque").withData(data).build()).create();
        } else if (!data.equals(found.get().getData())) {
            client.secrets().resource(new SecretBuilder(found.get()).withData(data).build()).update();
        }
    }

    public Optional<String> read(MastodonMigration migration) {
        return find(migration).map(secret -> new String(Base64.getDecoder().decode(secret.getData().get(KEY)), StandardCharsets.UTF_8));
    }

    private Optional<Secret> find(MastodonMigration migration) {
        return Optional.ofNullable(client.secrets().inNamespace(migration.getMetadata().getNamespace()).withName(name(migration)).get())
                .filter(secret -> secret.getMetadata().getOwnerReferences().stream().anyMatch(owner -> migration.getMetadata().getUid().equals(owner.getUid())));
    }

    private static String name(MastodonMigration migration) {
        return WorkerJob.secretName(migration).replace("-worker-", "-source-");
    }
}
