package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.cost.Item;
import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.outside.OutsideException;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Two web dynos and a worker, and one dyno for streaming: 150 USD a month. */
class HerokuBillTest {
    @AutoClose
    private final ExampleSource example = new ExampleSource();

    @Test
    void dynosCountByTheirSizeAndAddOnsByTheirPlan() {
        example.web.addOn("heroku-postgresql", "standard-0", 50);
        example.streaming.addOn("papertrail", "choklad", 0);
        var bill = example.source().bill();
        assertThat(bill.items()).extracting(HerokuBillTest::words).containsExactlyInAnyOrder("2 web dynos of example-web, Standard-2X 100.00", "1 worker dynos of example-web, Standard-1X 25.00",
                "1 web dynos of example-streaming, Standard-1X 25.00", "1 heroku-postgresql:standard-0, heroku-postgresql-round-1234 50.00", "1 papertrail:choklad, papertrail-round-1234 0.00");
        assertThat(bill.items()).allSatisfy(item -> assertThat(item.price().orElseThrow().from()).isEqualTo(PriceFrom.HerokuApi));
        assertThat(bill.words()).isEqualTo("200.00 USD");
        assertThat(example.web.writes() + example.streaming.writes()).as("nothing is changed").isZero();
    }

    @Test
    void theCaseOfASizeDoesNotMatterAndDynosThatDoNotRunCostNothing() {
        example.web.formation("web", 2, "standard-2x");
        example.web.formation("release", 0, "Performance-M");
        assertThat(example.source().bill().words()).isEqualTo("150.00 USD");
    }

    @Test
    void anAddOnWithoutABilledPriceHasThatOfItsPlan() {
        example.web.addOn("heroku-redis", "mini", Map.of());
        assertThat(example.source().bill().items()).extracting(HerokuBillTest::words).contains("1 heroku-redis:mini, heroku-redis-round-1234 9.00");
    }

    @Test
    void whatIsBilledByContractOrByUseIsNotKnown() {
        example.web.addOn("heroku-postgresql", "advanced", Map.of("cents", 0, "unit", "month", "contract", false, "metered", true));
        example.web.addOn("heroku-redis", "private-7", Map.of("cents", 0, "unit", "month", "contract", true));
        var bill = example.source().bill();
        assertThat(bill.unknown()).extracting(Item::note).containsExactlyInAnyOrder("billed by use", "billed by contract");
        assertThat(bill.words()).isEqualTo("at least 150.00 USD");
    }

    @Test
    void aSizeWhosePriceHerokuDoesNotTellHasThatOfTheOperatorsListOrNone() {
        example.web.formation("worker", 1, "Performance-L");
        example.web.formation("cron", 1, "Private-M");
        example.web.privateSpace("acme-space");
        var bill = example.source().bill();
        assertThat(bill.items()).filteredOn(item -> item.name().contains("worker")).singleElement().satisfies(item -> {
            assertThat(item.price().orElseThrow().from()).isEqualTo(PriceFrom.Bundled);
            assertThat(item.price().orElseThrow().asOf()).isEqualTo(DynoPrices.AS_OF);
            assertThat(words(item)).endsWith("500.00");
            assertThat(item.note()).contains("tells no price");
        });
        assertThat(bill.unknown()).extracting(Item::name).containsExactlyInAnyOrder("cron dynos of example-web, Private-M", "Private Space acme-space");
    }

    @Test
    void ecoDynosArePaidForOnceHoweverManyThereAre() {
        example.web.formation("web", 2, "Eco");
        example.web.formation("worker", 1, "eco");
        example.streaming.formation("web", 1, "Eco");
        assertThat(example.source().bill().items()).extracting(HerokuBillTest::words).containsExactly("1 Eco dynos, once for all apps of the account 5.00");
    }

    @Test
    void aListThatHerokuRefusesIsNotKnownAndHidesNoOther() {
        example.web.refuse("GET available-dyno-sizes", 404, "not_found", "Not found.");
        example.web.refuse("GET addons", 403, "forbidden", "Not yours.");
        var bill = example.source().bill();
        assertThat(bill.unknown()).singleElement().satisfies(item -> {
            assertThat(item.name()).isEqualTo("add-ons of example-web");
            assertThat(item.note()).contains("Not yours");
        });
        assertThat(bill.words()).isEqualTo("at least 150.00 USD");
    }

    @Test
    void aHerokuThatDoesNotAnswerTellsNoBill() {
        example.heroku.failNext(50, Fault.UNAVAILABLE);
        assertThatThrownBy(() -> example.source().bill()).isInstanceOf(OutsideException.class);
    }

    private static String words(Item item) {
        return item.quantity() + " " + item.name() + " " + item.monthlyUsd().map(Object::toString).orElse("?");
    }
}
