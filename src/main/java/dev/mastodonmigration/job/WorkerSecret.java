package dev.mastodonmigration.job;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.worker.control.WorkerContext;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The one Secret through which credentials reach a migration's workers, brought up to date because Heroku's URLs rotate. Found by its label and owned by nobody:
 * a foreground deletion of the migration must not take it from the workers that going back needs.
 */
@Singleton
public class WorkerSecret {
    /** So that a namespace that is being deleted keeps it until the source was started again. */
    private static final String FINALIZER = "mastodonmigration.dev/credentials";
    private static final int TOKEN_BYTES = 32;
    private final KubernetesClient client;
    private final SecureRandom random = new SecureRandom();

    public WorkerSecret(KubernetesClient client) {
        this.client = client;
    }

    /** Makes it hold exactly these files, and a token that stays the same for the migration's life; writes nothing when it does already. */
    public void write(MastodonMigration migration, Map<String, String> files) {
        var found = find(migration);
        var data = new HashMap<String, String>();
        files.forEach((file, value) -> data.put(file, encode(value)));
        data.put(WorkerContext.PROGRESS_TOKEN, found.flatMap(secret -> Optional.ofNullable(secret.getData())).map(given -> given.get(WorkerContext.PROGRESS_TOKEN)).orElseGet(this::newToken));
        if (found.isEmpty()) {
            client.secrets().resource(new SecretBuilder()
                    .withNewMetadata()
                        .withName(WorkerJob.secretName(migration)).withNamespace(migration.getMetadata().getNamespace()).withLabels(WorkerJob.labels(migration)).withFinalizers(FINALIZER)
                    .endMetadata()
                    .withType("Opaque").withData(data).build()).create();
        } else if (!data.equals(found.get().getData()) || !found.get().getMetadata().getOwnerReferences().isEmpty()) {
            client.secrets().resource(new SecretBuilder(found.get()).withData(data).editMetadata().withOwnerReferences(List.of()).endMetadata().build()).update();
        }
    }

    /** The bearer token of the migration's workers; empty before the first was started. */
    public Optional<String> token(MastodonMigration migration) {
        return find(migration).flatMap(secret -> Optional.ofNullable(secret.getData())).map(data -> data.get(WorkerContext.PROGRESS_TOKEN)).map(WorkerSecret::decode);
    }

    /** What the workers were given last. */
    Optional<Map<String, String>> files(MastodonMigration migration) {
        return find(migration).map(secret -> {
            var files = new TreeMap<String, String>();
            secret.getData().forEach((file, value) -> files.put(file, decode(value)));
            return files;
        });
    }

    void delete(MastodonMigration migration) {
        find(migration).ifPresent(secret -> {
            client.secrets().resource(new SecretBuilder(secret).editMetadata().withFinalizers(List.of()).endMetadata().build()).update();
            client.secrets().inNamespace(secret.getMetadata().getNamespace()).withName(secret.getMetadata().getName()).delete();
        });
    }

    private Optional<Secret> find(MastodonMigration migration) {
        return Optional.ofNullable(client.secrets().inNamespace(migration.getMetadata().getNamespace()).withName(WorkerJob.secretName(migration)).get())
                .filter(secret -> WorkerJob.isOf(migration, secret));
    }

    private String newToken() {
        var bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        return encode(HexFormat.of().formatHex(bytes));
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
}
