package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;

/** The engine version that a spec asks for: "17" means the 17.x that RDS prefers, so that versions are compared by their beginning. */
final class PostgresVersion {
    private PostgresVersion() {}

    static int major(Rds spec) {
        return Integer.parseInt(spec.engineVersion().split("\\.")[0]);
    }

    static boolean fits(Rds spec, String version) {
        return version.equals(spec.engineVersion()) || version.startsWith(spec.engineVersion() + ".");
    }
}
