package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.BillItem;
import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.api.MastodonMigrationStatus.Verdict;
import dev.mastodonmigration.cost.Bill;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.cost.Item;
import dev.mastodonmigration.cost.Price;
import dev.mastodonmigration.cost.Prices;
import dev.mastodonmigration.cost.Product;
import dev.mastodonmigration.cost.Unit;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Told;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a migration says of money, and that it waits for none of it. */
class CostPlayedTest {
    private static final LocalDate DAY = LocalDate.of(2026, 11, 20);
    private static final Product PRODUCT = new Product("AmazonRDS", "eu-central-1", "PostgreSQL", "InstanceUsage:db.t4g.small", List.of(Map.of()), Unit.HOUR);
    private int looks;

    /** From 165 USD to two instances of 73 USD each. */
    private PlayedMigration priced(String targetUsd) {
        var played = PlayedMigration.of(approved());
        played.spec = PlayedSpec.dataOnly(played.spec);
        played.source.bill = new Bill(List.of(new Item("web dynos", 2, Optional.of(new Price(new BigDecimal("82.5"), Unit.MONTH, PriceFrom.HerokuApi, DAY)), "")));
        played.postgres.charges = List.of(Charge.of("RDS instance", 1, PRODUCT));
        played.redis.charges = List.of(Charge.of("a cache", 1, PRODUCT));
        played.prices = charges -> {
            looks++;
            return new Bill(charges.stream().map(charge -> new Item(charge.name(), charge.quantity(), charge.product().map(product -> new Price(new BigDecimal(targetUsd), Unit.HOUR, PriceFrom.PriceListApi, DAY)),
                    charge.note())).toList());
        };
        return played;
    }

    @Test
    void aMoveThatSavesIsToldWithBothSidesAndWhatTheyCostTogether() {
        var played = priced("0.1").until(status -> status.cost != null);
        var cost = played.status.cost;
        assertThat(cost.verdict).isEqualTo(Verdict.Saves);
        assertThat(cost.source.monthlyUsd).isEqualTo(165.0);
        assertThat(cost.target.monthlyUsd).isEqualTo(146.0);
        assertThat(cost.whileBothRun.monthlyUsd).isEqualTo(311.0);
        assertThat(cost.target.items).extracting(item -> item.name).containsExactly("RDS instance", "a cache");
        assertThat(cost.target.items.getFirst()).satisfies(CostPlayedTest::isAnHourOfTenCents);
        assertThat(cost.target.unknown).isEmpty();
        assertThat(cost.asOf).startsWith("2026-11-22T20:00:0");
        played.untilPhase("Rehearse");
        assertThat(played.told).filteredOn(told -> told.reason().equals("Cost")).singleElement().satisfies(told -> {
            assertThat(told.type()).isEqualTo(Told.Type.NORMAL);
            assertThat(told.message()).contains("1/", "Preflight: For the played source you pay 165.00 USD a month. The target will cost 146.00 USD a month, which is 19.00 USD less. While both run, that is 311.00 USD a month.");
        });
        assertThat(played.status.findings).noneMatch(finding -> finding.id.startsWith("cost-"));
        assertThat(looks).as("one look").isEqualTo(1);
    }

    private static void isAnHourOfTenCents(BillItem item) {
        assertThat(item.quantity).isEqualTo(1);
        assertThat(item.unitUsd).isEqualTo(0.1);
        assertThat(item.per).isEqualTo("hour");
        assertThat(item.monthlyUsd).isEqualTo(73.0);
        assertThat(item.priceFrom).isEqualTo(PriceFrom.PriceListApi);
        assertThat(item.priceAsOf).isEqualTo("2026-11-20");
    }

    @Test
    void aMoveThatDoesNotSaveIsAFindingUntilItIsCorrected() {
        var played = priced("0.2").until(status -> status.cost != null);
        assertThat(played.status.findings).filteredOn(finding -> finding.id.startsWith("cost-")).singleElement()
                .satisfies(finding -> assertThat(finding.message).contains("292.00 USD a month, which is 127.00 USD more: the move does not save money"));
        assertThat(played.told).extracting(Told::reason).contains("Finding").doesNotContain("Cost");
        played.redis.charges = List.of();
        played.untilPhase("Rehearse");
        assertThat(played.status.cost.target.monthlyUsd).isEqualTo(146.0);
        assertThat(played.status.findings).noneMatch(finding -> finding.id.startsWith("cost-"));
        assertThat(looks).isEqualTo(2);
    }

    @Test
    void whatIsNotKnownIsNoZero() {
        var played = PlayedMigration.of(approved()).until(status -> status.cost != null);
        var cost = played.status.cost;
        assertThat(cost.verdict).isEqualTo(Verdict.Unknown);
        assertThat(List.of(cost.source, cost.target, cost.whileBothRun)).allSatisfy(bill -> assertThat(bill.monthlyUsd).isNull());
        assertThat(cost.source.unknown).containsExactly("the played source");
        assertThat(cost.target.unknown).contains("the played database");
        assertThat(cost.summary).contains("What the played source costs now is not known to the operator. What the target will cost is not known to the operator.");
        assertThat(played.status.findings).as("nothing that the admin could do").noneMatch(finding -> finding.id.startsWith("cost-"));
    }

    @Test
    void nothingWaitsForAPrice() {
        var played = new PlayedMigration(approved(), what -> {
            if (what.equals("source.bill")) {
                throw new OutsideException("Heroku is away.", true);
            }
        });
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(played.status.cost.source.items).singleElement().satisfies(item -> assertThat(item.note).isEqualTo("Heroku is away."));
        assertThat(played.source.bills).as("it was not asked again and again").isEqualTo(1);
    }

    @Test
    void thingsThatChangeAtTheGateAreLookedUpAgainAndOnceOnly() {
        var played = priced("0.1");
        played.spec = PlayedSpec.notApproved(played.spec);
        played.until(status -> "waiting for your approval".equals(status.summary));
        assertThat(looks).isEqualTo(1);
        played.postgres.charges = List.of(Charge.of("RDS instance, with a standby", 2, PRODUCT));
        for (int i = 0; i < 5; i++) {
            played.now = played.now.plus(played.step());
        }
        assertThat(played.status.cost.target.monthlyUsd).isEqualTo(219.0);
        assertThat(looks).isEqualTo(2);
        assertThat(played.status.findings).anyMatch(finding -> finding.id.startsWith("cost-"));
    }

    @Test
    void preflightThatIsTriedForHoursLooksOnceAnHour() {
        var played = priced("0.1");
        played.source.blockers.add("Something stands in the way.");
        played.until(status -> MigrationFlow.stalled(status));
        var end = played.now.plus(Duration.ofMinutes(130));
        while (played.now.isBefore(end)) {
            played.now = played.now.plus(played.step());
        }
        assertThat(looks).isEqualTo(3);
    }

    @Test
    void whereNothingIsBoughtEachPartSaysWhyItIsNotKnown() {
        assertThat(Prices.NONE.of(List.of(Charge.unknown("the cluster", "it is yours"))).unknownWords()).isEqualTo("the cluster (it is yours)");
    }
}
