package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.KeptSecret;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.Optional;

/**
 * A copy of the Heroku token, made before the source is stopped: whoever deletes the migration and its Secrets together must still get the source started
 * again. {@link HerokuSource#forgetCredentials} removes it, before the finalizer goes.
 */
@Singleton
public class KeptToken {
    static final String UID_LABEL = KeptSecret.UID_LABEL;
    private static final String KEY = "token";
    /** The longest name of a Secret is 253; a uid has 36 characters. */
    private static final int LONGEST_PREFIX = 200;
    private final KubernetesClient client;

    public KeptToken(KubernetesClient client) {
        this.client = client;
    }

    /** @throws dev.mastodonmigration.outside.OutsideException when the Kubernetes API refuses or does not answer, as all of these */
    public void keep(MastodonMigration migration, String token) {
        of(migration).keep(Map.of(KEY, token));
    }

    public Optional<String> read(MastodonMigration migration) {
        return of(migration).read().map(values -> values.get(KEY));
    }

    public void remove(MastodonMigration migration) {
        of(migration).remove();
    }

    private KeptSecret of(MastodonMigration migration) {
        var metadata = migration.getMetadata();
        var prefix = metadata.getName().substring(0, Math.min(metadata.getName().length(), LONGEST_PREFIX));
        return new KeptSecret(client, metadata.getNamespace(), prefix + "-source-" + metadata.getUid(), metadata.getUid());
    }
}
