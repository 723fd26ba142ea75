package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.target.Compute;
import jakarta.inject.Singleton;
import java.time.InstantSource;

/** Makes the adapter of a migration whose spec says {@code target.compute.ec2}. */
@Singleton
public class AwsComputes {
    private final AwsClients clients;

    public AwsComputes(AwsClients clients) {
        this.clients = clients;
    }

    public Compute of(MastodonMigration migration) {
        return new Ec2Compute(migration, () -> clients.of(migration), InstantSource.system());
    }
}
