package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigrationStatus.Bill;
import dev.mastodonmigration.api.MastodonMigrationStatus.BillItem;
import dev.mastodonmigration.api.MastodonMigrationStatus.Cost;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The status's cost, as a table: each side's lines with their sum, and what both cost while both run. */
final class CostTable {
    private static final int NAME = 62;

    private CostTable() {}

    static List<String> of(Cost cost) {
        var lines = new ArrayList<String>();
        lines.add(row("USD a month of 730 hours, as of " + cost.asOf.split("T")[0], "each", "a month") + "  price from");
        side("source", cost.source, lines);
        side("target", cost.target, lines);
        lines.add(row("while both run", "", total(cost.whileBothRun)));
        lines.add("  " + cost.summary);
        return lines;
    }

    private static void side(String name, Bill bill, List<String> lines) {
        lines.add("  " + name);
        bill.items.forEach(item -> lines.add(item(item)));
        lines.add(row("  together", "", total(bill)));
    }

    private static String item(BillItem item) {
        var name = "  " + (item.quantity == 1 ? "" : item.quantity + " ") + item.name;
        return item.monthlyUsd == null ? row(name, "", "not known") + "  " + Optional.ofNullable(item.note).orElse("")
                : row(name, decimal(item.unitUsd) + " / " + item.per, decimal(item.monthlyUsd)) + "  " + item.priceFrom + " " + item.priceAsOf;
    }

    private static String total(Bill bill) {
        return bill.monthlyUsd == null ? "not known" : (bill.unknown.isEmpty() ? "" : "at least ") + decimal(bill.monthlyUsd);
    }

    /** Cents for what has cents, and more digits for what is paid by the hour. */
    private static String decimal(double usd) {
        var cents = String.format(Locale.ROOT, "%.2f", usd);
        return Double.parseDouble(cents) == usd ? cents : String.valueOf(usd);
    }

    private static String row(String name, String each, String month) {
        return String.format(Locale.ROOT, "  %-" + NAME + "s %22s %17s", name, each, month);
    }
}
