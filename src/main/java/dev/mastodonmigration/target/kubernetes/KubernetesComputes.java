package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.target.Compute;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;

/** Makes the adapter of a migration whose spec says {@code target.compute.kubernetes}. */
@Singleton
public class KubernetesComputes {
    private final KubernetesClient client;

    public KubernetesComputes(KubernetesClient client) {
        this.client = client;
    }

    public Compute of(MastodonMigration migration) {
        return new KubernetesCompute(client, migration);
    }
}
