package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.cost.Prices;
import jakarta.inject.Singleton;
import java.time.InstantSource;

/** Makes the prices of a migration that creates something on AWS: asked with its identity, and kept for all. */
@Singleton
public class AwsPriceLists {
    private final AwsClients clients;
    private final KeptPrices kept = new KeptPrices(InstantSource.system());

    public AwsPriceLists(AwsClients clients) {
        this.clients = clients;
    }

    public Prices of(MastodonMigration migration) {
        return new AwsPrices(() -> clients.priceList(migration), kept);
    }
}
