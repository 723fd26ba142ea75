package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.source.Source;
import jakarta.inject.Singleton;

/** Makes the source of a migration whose instance runs on Heroku: with the admin's token, at the host that the operator's configuration names. */
@Singleton
public class HerokuSources {
    private final SecretReader secrets;
    private final KeptToken kept;
    private final OperatorConfig config;

    public HerokuSources(SecretReader secrets, KeptToken kept, OperatorConfig config) {
        this.secrets = secrets;
        this.kept = kept;
        this.config = config;
    }

    /** Reads nothing yet: the token is read at each use, because the admin may replace it at any time, so that a missing one is told by what needs it. */
    public Source of(MastodonMigration migration) {
        return new HerokuSource(migration, config.herokuApiUrl(), config.herokuRouterUrl(), () -> token(migration), kept);
    }

    /** The admin's, and the kept copy only where that is gone. */
    private String token(MastodonMigration migration) {
        try {
            return secrets.read(migration.getMetadata().getNamespace(), migration.getSpec().source().heroku().apiTokenSecretRef());
        } catch (MissingInputException missing) {
            return kept.read(migration).orElseThrow(() -> missing);
        }
    }
}
