package dev.mastodonmigration.target.existing;

import dev.mastodonmigration.api.MastodonMigrationSpec.ExistingTarget;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.target.Certificates;
import dev.mastodonmigration.target.TargetDatabase;
import java.util.List;
import java.util.Optional;

/** A database that the admin made: where it is, and whom to trust, stands in Secrets that the spec names. Nothing is created, so nothing is removed. */
abstract sealed class ExistingDatabase implements TargetDatabase permits ExistingPostgres, ExistingRedis {
    private final SecretReader secrets;
    private final String namespace;
    private final ExistingTarget spec;

    ExistingDatabase(SecretReader secrets, String namespace, ExistingTarget spec) {
        this.secrets = secrets;
        this.namespace = namespace;
        this.spec = spec;
    }

    /** As "the target's Postgres". */
    abstract String what();

    /** What Mastodon would say of it. */
    abstract Findings findings(String url, Optional<String> ca);

    @Override
    public List<String> violations() {
        return List.of();
    }

    @Override
    public List<Charge> charges() {
        return List.of(Charge.unknown(what(), "it is yours"));
    }

    @Override
    public Findings preflight() {
        try {
            return findings(url(), ca());
        } catch (MissingInputException missing) {
            return new Findings(List.of(missing.getMessage()), List.of());
        }
    }

    @Override
    public Provisioned ensure() {
        return new Provisioned.Ready("");
    }

    @Override
    public String url() {
        return secrets.read(namespace, spec.urlSecretRef());
    }

    @Override
    public Optional<String> ca() {
        return Optional.ofNullable(spec.caSecretRef()).map(ref -> Certificates.read(secrets, namespace, ref));
    }

    @Override
    public Provisioned release() {
        return new Provisioned.Ready("");
    }
}
