package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.cost.Item;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The real SDK against an answer in AWS's own shape. */
@EnableKubernetesMockClient(crud = true, https = false)
class PriceListOnTheWireTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private RdsWorld world;

    @BeforeEach
    void world() {
        world = new RdsWorld(client, aws.proxy(), "allocatedStorageGiB: 20", "allocatedStorageGiB: 50");
    }

    @Test
    void pricesOfWhatWillBeCreatedAreFoundInTheList() {
        var bill = prices(world.operator().charges());
        assertThat(bill).extracting(item -> item.quantity() + " " + item.name() + " " + item.monthlyUsd().orElseThrow() + " " + item.price().orElseThrow().from())
                .containsExactly("1 RDS instance db.t4g.small 27.08 PriceListApi", "50 GiB of RDS storage, gp3 6.85 PriceListApi");
        assertThat(prices(List.of(Charge.of("node", 2, AwsProducts.cacheNode("eu-central-1", "cache.t4g.small", "Valkey"))))).extracting(item -> item.monthlyUsd().orElseThrow().toString()).containsExactly("45.41");
        assertThat(aws.proxy().calls().of("pricing:GetProducts")).isNotEmpty().allSatisfy(call -> assertThat(call.call().region()).isEqualTo("eu-central-1"));
    }

    @Test
    void aStandbysStorageHasAPriceForAnyEngineAlone() {
        var charges = List.of(Charge.of("storage", 50, AwsProducts.rdsStorage("eu-central-1", 2)), Charge.of("instance", 1, AwsProducts.rdsInstance("eu-central-1", "db.t4g.small", 2)));
        assertThat(prices(charges)).extracting(item -> item.monthlyUsd().orElseThrow().toString()).containsExactly("13.70", "54.17");
    }

    @Test
    void aListThatIsRefusedHoldsNothingUp() {
        for (int i = 1; i <= 10; i++) {
            aws.proxy().faults().next("pricing:GetProducts", new AwsFault.Refused(400, "AccessDeniedException", "User is not authorized to perform: pricing:GetProducts"));
        }
        assertThat(prices(world.operator().charges())).allSatisfy(item -> {
            assertThat(item.price().filter(price -> price.from() == PriceFrom.PriceListApi)).isEmpty();
            assertThat(item.note()).contains("pricing:GetProducts").doesNotContain("geheim");
        });
        assertThat(aws.proxy().calls().count("pricing:GetProducts")).isEqualTo(1);
    }

    private List<Item> prices(List<Charge> charges) {
        return new AwsPriceLists(new AwsClients(new AwsAt(aws.proxy().address()), new SecretReader(client))).of(world.migration).of(charges).items();
    }
}
