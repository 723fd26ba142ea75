package dev.mastodonmigration.target.existing;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.target.TargetDatabase;
import jakarta.inject.Singleton;

/** Makes the adapters of a migration whose spec names databases under {@code existing}. */
@Singleton
public class ExistingDatabases {
    private final SecretReader secrets;

    public ExistingDatabases(SecretReader secrets) {
        this.secrets = secrets;
    }

    public TargetDatabase postgres(MastodonMigration migration) {
        return new ExistingPostgres(secrets, migration.getMetadata().getNamespace(), migration.getSpec().target().postgres().existing());
    }

    public TargetDatabase redis(MastodonMigration migration) {
        return new ExistingRedis(secrets, migration.getMetadata().getNamespace(), migration.getSpec().target().redis().existing());
    }
}
