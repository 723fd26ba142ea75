package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.source.Source;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** Makes the source of a migration whose instance runs on Heroku: with the admin's token, at the host that the operator's configuration names. */
@Singleton
public class HerokuSources {
    private final KubernetesClient client;
    private final KeptToken kept;
    private final OperatorConfig config;

    public HerokuSources(KubernetesClient client, KeptToken kept, OperatorConfig config) {
        this.client = client;
        this.kept = kept;
        this.config = config;
    }

    /** Reads nothing yet: the token is read at each use, because the admin may replace it at any time, so that a missing one is told by what needs it. */
    public Source of(MastodonMigration migration) {
        return new HerokuSource(migration, config.herokuApiUrl(), () -> token(migration), kept);
    }

    /** The admin's, and the kept copy only where that is gone. */
    private String token(MastodonMigration migration) {
        try {
            return given(migration);
        } catch (MissingInputException missing) {
            return kept.read(migration).orElseThrow(() -> missing);
        }
    }

    private String given(MastodonMigration migration) {
        var ref = migration.getSpec().source().heroku().apiTokenSecretRef();
        var namespace = migration.getMetadata().getNamespace();
        var secret = client.secrets().inNamespace(namespace).withName(ref.name()).get();
        if (secret == null) {
            throw new MissingInputException("Secret " + namespace + "/" + ref.name() + " does not exist. Create it with the key \"" + ref.key() + "\".");
        }
        return Optional.ofNullable(secret.getData()).map(data -> data.get(ref.key()))
                .map(value -> new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8).strip())
                .filter(value -> !value.isEmpty())
                .orElseThrow(() -> new MissingInputException("Secret " + namespace + "/" + ref.name() + " has no key \"" + ref.key() + "\", or it is empty. Add it."));
    }
}
