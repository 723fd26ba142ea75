package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.cost.Unit;
import java.time.LocalDate;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class BundledPricesTest {
    @Test
    void eachHasADateAndASourceThatIsNamed() {
        assertThat(BundledPrices.all()).isNotEmpty().allSatisfy(entry -> {
            assertThat(entry.path("usd").decimalValue().signum()).as(entry.toString()).isPositive();
            assertThat(LocalDate.parse(entry.path("asOf").asText())).isBetween(LocalDate.of(2026, 1, 1), LocalDate.now());
            assertThat(BundledPrices.file().path("sources").path(entry.path("source").asText()).asText()).as(entry.toString()).isNotEmpty();
            assertThat(Unit.valueOf(entry.path("unit").asText())).isNotNull();
        });
    }

    @Test
    void noneIsThereTwice() {
        var seen = new ArrayList<String>();
        BundledPrices.all().forEach(entry -> seen.add(entry.path("region").asText() + entry.path("engine").asText() + entry.path("usageType").asText()));
        assertThat(seen).doesNotHaveDuplicates();
    }

    @Test
    void theyAreFoundByWhatAdaptersCreate() {
        assertThat(BundledPrices.of(AwsProducts.rdsInstance("us-east-1", "db.t4g.medium", 2)).orElseThrow()).satisfies(price -> {
            assertThat(price.usd()).isEqualByComparingTo("0.129");
            assertThat(price.from()).isEqualTo(PriceFrom.Bundled);
        });
        assertThat(BundledPrices.of(AwsProducts.rdsStorage("us-east-1", 1)).orElseThrow().usd()).isEqualByComparingTo("0.115");
        assertThat(BundledPrices.of(AwsProducts.cacheNode("us-east-1", "cache.t4g.small", "Valkey")).orElseThrow().usd()).isEqualByComparingTo("0.0256");
        assertThat(BundledPrices.of(AwsProducts.ec2Instance("us-east-1", "t3.large")).orElseThrow().usd()).isEqualByComparingTo("0.0832");
        assertThat(BundledPrices.of(AwsProducts.ebsStorage("us-east-1")).orElseThrow().usd()).isEqualByComparingTo("0.08");
        assertThat(BundledPrices.of(AwsProducts.loadBalancer("us-east-1")).orElseThrow().usd()).isEqualByComparingTo("0.0225");
        assertThat(BundledPrices.of(AwsProducts.cacheNode("us-east-1", "cache.t4g.small", "Redis"))).as("an engine's price is not another's").isEmpty();
        assertThat(BundledPrices.of(AwsProducts.rdsInstance("eu-central-1", "db.t4g.medium", 1))).as("a region's price is not another's").isEmpty();
    }
}
