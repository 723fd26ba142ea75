package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.api.MastodonMigrationStatus.PriceFrom;
import dev.mastodonmigration.cost.Bill;
import dev.mastodonmigration.cost.Item;
import dev.mastodonmigration.cost.Price;
import dev.mastodonmigration.cost.Unit;
import dev.mastodonmigration.source.heroku.HerokuApi.AddOn;
import dev.mastodonmigration.source.heroku.HerokuApi.ProcessType;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What Heroku bills for the apps each month: dynos by their size, and add-ons by their plan. Without what other apps' add-ons cost that they use. */
final class HerokuBill {
    private static final String ECO = "Eco";
    private final HerokuApi heroku;
    private final List<String> apps;
    private final LocalDate today;

    /** @param refused Heroku's words where it did not tell them; empty otherwise */
    private record DynoPriceList(SortedMap<String, BigDecimal> usd, String refused) {}

    HerokuBill(HerokuApi heroku, List<String> apps, LocalDate today) {
        this.heroku = heroku;
        this.apps = apps;
        this.today = today;
    }

    /**
     * What apps share has the same line in each, and counts once.
     *
     * @throws HerokuException when Heroku does not even tell which dynos there are
     */
    Bill look() {
        return new Bill(SideBySide.all(apps, this::items).stream().flatMap(List::stream).distinct().toList());
    }

    private List<Item> items(String app) {
        var prices = dynoPrices(app);
        var dynos = heroku.formation(app).stream().filter(type -> type.quantity() > 0).map(type -> dynos(app, type, prices));
        return Stream.of(dynos, addOns(app), heroku.app(app).space().stream().map(HerokuBill::space)).flatMap(items -> items).toList();
    }

    private Item dynos(String app, ProcessType type, DynoPriceList prices) {
        if (type.size().equalsIgnoreCase(ECO)) {
            // Its pool of hours is bought once, however many dynos share it; no price of a dyno can say that.
            return new Item("Eco dynos, once for all apps of the account", 1, DynoPrices.of(ECO), "");
        }
        var name = type.type() + " dynos of " + app + ", " + type.size();
        return Optional.ofNullable(prices.usd().get(type.size())).map(usd -> new Item(name, type.quantity(), Optional.of(monthly(usd)), ""))
                .orElseGet(() -> new Item(name, type.quantity(), DynoPrices.of(type.size()), prices.refused().isEmpty() ? "Heroku's API tells no price of this size" : prices.refused()));
    }

    private DynoPriceList dynoPrices(String app) {
        try {
            return new DynoPriceList(heroku.dynoPrices(app), "");
        } catch (HerokuException unknown) {
            return new DynoPriceList(new TreeMap<>(String.CASE_INSENSITIVE_ORDER), unknown.getMessage());
        }
    }

    private Stream<Item> addOns(String app) {
        try {
            return heroku.addOns(app).stream().map(this::addOn);
        } catch (HerokuException unknown) {
            return Stream.of(new Item("add-ons of " + app, 1, Optional.empty(), unknown.getMessage()));
        }
    }

    private Item addOn(AddOn addOn) {
        return new Item((addOn.plan().isEmpty() ? addOn.service() : addOn.plan()) + ", " + addOn.name(), 1, addOn.usd().map(this::monthly), addOn.billing());
    }

    private Price monthly(BigDecimal usd) {
        return new Price(usd, Unit.MONTH, PriceFrom.HerokuApi, today);
    }

    private static Item space(String name) {
        return new Item("Private Space " + name, 1, Optional.empty(), "Heroku's API tells no price of a space");
    }
}
