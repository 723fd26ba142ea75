package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.cost.Item;
import dev.mastodonmigration.cost.Unit;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.pricing.PricingClient;
import software.amazon.awssdk.services.pricing.model.Filter;
import software.amazon.awssdk.services.pricing.model.GetProductsRequest;
import software.amazon.awssdk.services.pricing.model.GetProductsResponse;
import software.amazon.awssdk.services.pricing.model.PricingException;

class AwsPricesTest {
    private static final Charge SMALL = Charge.of("RDS instance", 1, AwsProducts.rdsInstance("us-east-1", "db.t4g.small", 1));
    private static final Charge STORAGE = Charge.of("storage", 100, AwsProducts.rdsStorage("us-east-1", 1));
    private final List<GetProductsRequest> asked = new ArrayList<>();
    private Instant now = Instant.parse("2026-11-29T12:00:00Z");
    private Function<GetProductsRequest, List<String>> list = request -> List.of();
    private final AwsPrices prices = new AwsPrices(() -> new PricingClient() {
        @Override
        public GetProductsResponse getProducts(GetProductsRequest request) {
            asked.add(request);
            return GetProductsResponse.builder().formatVersion("aws_v1").priceList(list.apply(request)).build();
        }

        @Override
        public String serviceName() {
            return "pricing";
        }

        @Override
        public void close() {}
    }, new KeptPrices(() -> now));

    @Test
    void theOnePriceOnDemandIsTaken() {
        list = request -> List.of(entry("InstanceUsage:db.t4g.small", "Hrs", "0.0320000000"));
        var item = one(SMALL);
        assertThat(item.price().orElseThrow()).satisfies(price -> {
            assertThat(price.usd()).isEqualByComparingTo("0.032");
            assertThat(price.per()).isEqualTo(Unit.HOUR);
            assertThat(price.from()).isEqualTo(PriceFrom.PriceListApi);
            assertThat(price.asOf()).isEqualTo(LocalDate.of(2026, 11, 20));
        });
        assertThat(item.monthlyUsd().orElseThrow()).isEqualByComparingTo("23.36");
        assertThat(item.note()).isEmpty();
        assertThat(asked).singleElement().satisfies(request -> {
            assertThat(request.serviceCode()).isEqualTo("AmazonRDS");
            assertThat(request.filters()).extracting(Filter::field, Filter::value).contains(tuple("regionCode", "us-east-1"),
                    tuple("instanceType", "db.t4g.small"), tuple("databaseEngine", "PostgreSQL"),
                    tuple("deploymentOption", "Single-AZ"));
        });
    }

    @Test
    void theSameFigureTwiceIsOnePrice() {
        list = request -> List.of(entry("InstanceUsage:db.t4g.small", "Hrs", "0.0320000000"), entry("InstanceUsage:db.t4g.small", "Hrs", "0.032"), entry("InstanceUsage:db.t4g.small", "Hrs", "0.0000000000"));
        assertThat(one(SMALL).price().orElseThrow().usd()).isEqualByComparingTo("0.032");
    }

    @ParameterizedTest
    @ValueSource(strings = {"two figures", "none", "another unit", "another thing", "free"})
    void whatIsNotExactlyOnePriceIsReplacedByTheBundledOne(String what) {
        list = request -> switch (what) {
            case "two figures" -> List.of(entry("InstanceUsage:db.t4g.small", "Hrs", "0.032"), entry("InstanceUsage:db.t4g.small", "Hrs", "0.040"));
            case "another unit" -> List.of(entry("InstanceUsage:db.t4g.small", "Quantity", "0.1"));
            case "another thing" -> List.of(entry("EUC1-InstanceUsage:db.t4g.smaller", "Hrs", "0.1"), entry("ExtendedSupport:InstanceUsage", "Hrs", "0.2"));
            case "free" -> List.of(entry("InstanceUsage:db.t4g.small", "Hrs", "0.0000000000"));
            default -> List.of();
        };
        var item = one(SMALL);
        assertThat(item.price().orElseThrow().from()).isEqualTo(PriceFrom.Bundled);
        assertThat(item.note()).startsWith("AWS's list of prices has " + (what.equals("two figures") ? "2 different ones" : "none") + " for it in us-east-1");
    }

    @Test
    void whatNeitherListHasIsNotKnown() {
        var item = one(Charge.of("RDS instance", 1, AwsProducts.rdsInstance("eu-central-1", "db.x2g.16xlarge", 1)));
        assertThat(item.price()).isEmpty();
        assertThat(item.monthlyUsd()).isEmpty();
        assertThat(item.note()).contains("has none for it in eu-central-1");
    }

    @Test
    void postgresOwnStoragePriceComesBeforeThatOfAnyEngine() {
        list = request -> List.of(entry("RDS:GP3-Storage", "GB-Mo", engine(request).equals("Any") ? "0.9" : "0.115"), entry("RDS:Multi-AZ-GP3-Storage", "GB-Mo", "0.23"));
        assertThat(one(STORAGE).monthlyUsd().orElseThrow()).isEqualByComparingTo("11.50");
        list = request -> engine(request).equals("Any") ? List.of(entry("RDS:Multi-AZ-GP3-Storage", "GB-Mo", "0.23")) : List.of();
        assertThat(one(Charge.of("storage", 100, AwsProducts.rdsStorage("us-east-1", 2))).monthlyUsd().orElseThrow()).isEqualByComparingTo("23.00");
    }

    @Test
    void anApiThatRefusesIsNoted() {
        list = request -> {
            throw (PricingException) PricingException.builder().statusCode(400).awsErrorDetails(AwsErrorDetails.builder().serviceName("Pricing").errorCode("AccessDeniedException")
                    .errorMessage("User is not authorized to perform: pricing:GetProducts").build()).build();
        };
        var bill = prices.of(List.of(SMALL, STORAGE, Charge.unknown("the cluster", "it is yours")));
        assertThat(bill.items()).extracting(Item::name).containsExactly("RDS instance", "storage", "the cluster");
        assertThat(bill.items().subList(0, 2)).allSatisfy(item -> {
            assertThat(item.price().orElseThrow().from()).isEqualTo(PriceFrom.Bundled);
            assertThat(item.note()).contains("pricing:GetProducts", "Allow the action");
        });
        assertThat(bill.items().getLast().note()).isEqualTo("it is yours");
        assertThat(asked).as("who refused is not asked again in the same look").hasSize(1);
    }

    @Test
    void anApiThatDoesNotAnswerIsAskedAgainAtTheNextLook() {
        list = request -> {
            throw SdkClientException.create("Unable to execute HTTP request: connect timed out");
        };
        assertThat(one(SMALL).note()).contains("AWS did not answer");
        list = request -> List.of(entry("InstanceUsage:db.t4g.small", "Hrs", "0.033"));
        assertThat(one(SMALL).price().orElseThrow().from()).isEqualTo(PriceFrom.PriceListApi);
    }

    @Test
    void anEntryThatDoesNotReadIsNoPrice() {
        list = request -> List.of("<html>sign in to this network</html>");
        assertThat(one(SMALL).note()).contains("does not read as one");
    }

    @Test
    void aPriceIsKeptForADay() {
        list = request -> List.of(entry("InstanceUsage:db.t4g.small", "Hrs", "0.032"));
        one(SMALL);
        now = now.plus(Duration.ofHours(23));
        one(SMALL);
        assertThat(asked).hasSize(1);
        list = request -> List.of(entry("InstanceUsage:db.t4g.small", "Hrs", "0.040"));
        now = now.plus(Duration.ofHours(2));
        assertThat(one(SMALL).price().orElseThrow().usd()).isEqualByComparingTo("0.040");
    }

    private Item one(Charge charge) {
        return prices.of(List.of(charge)).items().getFirst();
    }

    private static String engine(GetProductsRequest request) {
        return request.filters().stream().filter(filter -> filter.field().equals("databaseEngine")).map(Filter::value).findFirst().orElseThrow();
    }

    /** With a reserved price beside it, and of another region's prefix where it has one. */
    private static String entry(String usageType, String unit, String usd) {
        return """
                {"product": {"attributes": {"usagetype": "%s"}}, "serviceCode": "AmazonRDS", "publicationDate": "2026-11-20T22:13:45Z", "terms": {
                 "OnDemand": {"A.B": {"priceDimensions": {"A.B.C": {"unit": "%s", "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": "%s"}}}}},
                 "Reserved": {"A.D": {"priceDimensions": {"A.D.E": {"unit": "%s", "pricePerUnit": {"USD": "0.001"}}}}}}}""".formatted(usageType, unit, usd, unit);
    }
}
