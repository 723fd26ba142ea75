package dev.mastodonmigration.target.existing;

import dev.mastodonmigration.api.MastodonMigrationSpec.ExistingTarget;
import dev.mastodonmigration.mastodon.TargetFindings;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.SecretReader;
import java.util.Optional;

/** The Redis of {@code spec.target.redis.existing}. */
final class ExistingRedis extends ExistingDatabase {
    ExistingRedis(SecretReader secrets, String namespace, ExistingTarget spec) {
        super(secrets, namespace, spec);
    }

    @Override
    String what() {
        return "the target's Redis";
    }

    @Override
    Findings findings(String url, Optional<String> ca) {
        return TargetFindings.redis(url, ca);
    }
}
