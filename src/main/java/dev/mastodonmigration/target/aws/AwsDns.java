package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.edge.Dns;
import dev.mastodonmigration.edge.DnsClient;
import dev.mastodonmigration.edge.NameServers;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.InstantSource;
import java.util.Optional;

/** Makes the adapter of a migration whose DNS is in Route 53. */
@Singleton
public class AwsDns {
    /** Looks at what is only waited for come a fifth as far apart as those at new databases: every two seconds. */
    private static final int SHARE = 5;
    private final AwsClients clients;
    private final KubernetesClient client;
    private final NameServers servers;
    private final InstantSource clock;
    private final Pace pace;

    @Inject
    public AwsDns(AwsClients clients, KubernetesClient client, OperatorConfig config) {
        this(clients, client, config.nameServer(), InstantSource.system());
    }

    /** @param nameServer the only one that is ever asked */
    public AwsDns(AwsClients clients, KubernetesClient client, Optional<String> nameServer, InstantSource clock) {
        this.clients = clients;
        this.client = client;
        this.servers = new DnsClient(nameServer);
        this.clock = clock;
        this.pace = new Pace(clock, clients.looksApart().dividedBy(SHARE));
    }

    /** Also for zones that are not Amazon's. */
    public NameServers nameServers() {
        return servers;
    }

    public Dns of(MastodonMigration migration) {
        return new Route53(migration, () -> clients.of(migration), new DnsLedgers(client, AwsNames.of(migration)), servers, clock, pace);
    }
}
