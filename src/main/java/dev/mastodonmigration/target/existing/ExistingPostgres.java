package dev.mastodonmigration.target.existing;

import dev.mastodonmigration.api.MastodonMigrationSpec.ExistingTarget;
import dev.mastodonmigration.mastodon.TargetFindings;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.SecretReader;
import java.util.Optional;

/** The Postgres of {@code spec.target.postgres.existing}. */
final class ExistingPostgres extends ExistingDatabase {
    ExistingPostgres(SecretReader secrets, String namespace, ExistingTarget spec) {
        super(secrets, namespace, spec);
    }

    @Override
    String what() {
        return "the target's Postgres";
    }

    @Override
    Findings findings(String url, Optional<String> ca) {
        return TargetFindings.postgres(url, ca);
    }
}
