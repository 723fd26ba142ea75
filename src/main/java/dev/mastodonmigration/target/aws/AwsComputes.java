package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.target.Compute;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.time.InstantSource;

/** Makes the adapter of a migration whose spec says {@code target.compute.ec2}. */
@Singleton
public class AwsComputes {
    private final AwsClients clients;
    private final SecretReader secrets;
    private final KubernetesClient client;

    public AwsComputes(AwsClients clients, SecretReader secrets, KubernetesClient client) {
        this.clients = clients;
        this.secrets = secrets;
        this.client = client;
    }

    public Compute of(MastodonMigration migration) {
        return new Ec2Compute(migration, () -> clients.of(migration), InstantSource.system(), new KeptCredentials(client, secrets, migration));
    }
}
