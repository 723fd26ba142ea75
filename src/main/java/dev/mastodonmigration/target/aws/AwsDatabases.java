package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.target.TargetDatabase;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.time.InstantSource;

/** Makes the adapters of a migration whose databases the operator creates on AWS. */
@Singleton
public class AwsDatabases {
    private final AwsClients clients;
    private final SecretReader secrets;
    private final KubernetesClient client;
    private final Steadiness postgres;
    private final Steadiness redis;

    public AwsDatabases(AwsClients clients, SecretReader secrets, KubernetesClient client) {
        this.clients = clients;
        this.secrets = secrets;
        this.client = client;
        this.postgres = new Steadiness(InstantSource.system(), clients.looksApart());
        this.redis = new Steadiness(InstantSource.system(), clients.looksApart());
    }

    public TargetDatabase postgres(MastodonMigration migration) {
        return new Rds(migration, () -> clients.of(migration), secrets, new RdsSecret(client, AwsNames.of(migration)), postgres);
    }

    public TargetDatabase redis(MastodonMigration migration) {
        return new ElastiCache(migration, () -> clients.of(migration), secrets, new ElastiCacheSecret(client, AwsNames.of(migration)), redis);
    }
}
