package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus.Bill;
import dev.mastodonmigration.api.MastodonMigrationStatus.BillItem;
import dev.mastodonmigration.api.MastodonMigrationStatus.Cost;
import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import java.util.List;
import org.junit.jupiter.api.Test;

class CostTableTest {
    @Test
    void bothSidesAndTheirSumsAreShownAndWhatIsNotKnownIsNoNumber() {
        var cost = new Cost();
        cost.asOf = "2026-11-29T12:00:00Z";
        cost.summary = "For Heroku you pay 100.00 USD a month.";
        cost.source = bill(100.0, item("web dynos, Standard-2X", 2, 50.0, "month", 100.0, PriceFrom.HerokuApi));
        cost.target = bill(27.08, item("RDS instance", 1, 0.0371, "hour", 27.08, PriceFrom.PriceListApi));
        cost.target.unknown.add("the cluster");
        var unknown = new BillItem();
        unknown.name = "the cluster";
        unknown.quantity = 1;
        unknown.note = "it is yours";
        cost.target.items.add(unknown);
        cost.whileBothRun = bill(127.08);
        cost.whileBothRun.unknown.add("the cluster");
        assertThat(CostTable.of(cost)).map(line -> line.strip().replaceAll(" {2,}", " | ")).containsExactly(
                "USD a month of 730 hours, as of 2026-11-29 | each | a month | price from",
                "source",
                "2 web dynos, Standard-2X | 50.00 / month | 100.00 | HerokuApi 2026-11-20",
                "together | 100.00",
                "target",
                "RDS instance | 0.0371 / hour | 27.08 | PriceListApi 2026-11-20",
                "the cluster | not known | it is yours",
                "together | at least 27.08",
                "while both run | at least 127.08",
                "For Heroku you pay 100.00 USD a month.");
    }

    private static Bill bill(double usd, BillItem... items) {
        var bill = new Bill();
        bill.monthlyUsd = usd;
        bill.items.addAll(List.of(items));
        return bill;
    }

    private static BillItem item(String name, int quantity, double unitUsd, String per, double monthlyUsd, PriceFrom from) {
        var item = new BillItem();
        item.name = name;
        item.quantity = quantity;
        item.unitUsd = unitUsd;
        item.per = per;
        item.monthlyUsd = monthlyUsd;
        item.priceFrom = from;
        item.priceAsOf = "2026-11-20";
        return item;
    }
}
