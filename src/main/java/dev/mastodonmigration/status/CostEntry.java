package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.cost.Bill;
import dev.mastodonmigration.cost.Cost;
import dev.mastodonmigration.cost.Item;
import java.time.Instant;

/** What status says of the move's cost. */
final class CostEntry {
    private CostEntry() {}

    static MastodonMigrationStatus.Cost of(Cost cost, Instant now) {
        var entry = new MastodonMigrationStatus.Cost();
        entry.summary = cost.words();
        entry.verdict = cost.verdict();
        entry.asOf = now.toString();
        entry.source = bill(cost.source());
        entry.target = bill(cost.target());
        entry.whileBothRun = total(cost.whileBothRun());
        return entry;
    }

    private static MastodonMigrationStatus.Bill bill(Bill bill) {
        var entry = total(bill);
        bill.items().forEach(item -> entry.items.add(item(item)));
        return entry;
    }

    private static MastodonMigrationStatus.Bill total(Bill bill) {
        var entry = new MastodonMigrationStatus.Bill();
        entry.monthlyUsd = bill.isUnknown() ? null : bill.knownUsd().doubleValue();
        bill.unknown().forEach(item -> entry.unknown.add(item.name()));
        return entry;
    }

    private static MastodonMigrationStatus.BillItem item(Item item) {
        var entry = new MastodonMigrationStatus.BillItem();
        entry.name = item.name();
        entry.quantity = item.quantity();
        entry.note = item.note();
        item.monthlyUsd().ifPresent(usd -> entry.monthlyUsd = usd.doubleValue());
        item.price().ifPresent(price -> {
            entry.unitUsd = price.usd().doubleValue();
            entry.per = price.per().words();
            entry.priceFrom = price.from();
            entry.priceAsOf = price.asOf().toString();
        });
        return entry;
    }
}
