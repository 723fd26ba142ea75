package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.cost.Bill;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.cost.Item;
import dev.mastodonmigration.cost.Price;
import dev.mastodonmigration.cost.Prices;
import dev.mastodonmigration.cost.Product;
import dev.mastodonmigration.outside.OutsideException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.services.pricing.PricingClient;
import software.amazon.awssdk.services.pricing.model.Filter;
import software.amazon.awssdk.services.pricing.model.FilterType;

/** Prices of AWS's Price List API, and of the operator's own list where that cannot be asked or does not say one price. */
final class AwsPrices implements Prices {
    /** A subnet without a way to the Internet answers nothing, and prices are nobody's need. */
    private static final Duration PATIENCE = Duration.ofSeconds(6);
    private final Supplier<PricingClient> client;
    private final KeptPrices kept;

    /** @param why there is no price; empty where there is one */
    private record Answer(Optional<Price> price, String why) {}

    AwsPrices(Supplier<PricingClient> client, KeptPrices kept) {
        this.client = client;
        this.kept = kept;
    }

    /** Who refused once, or was silent, is not asked about the rest in the same look. */
    @Override
    public Bill of(List<Charge> charges) {
        var items = new ArrayList<Item>();
        Optional<String> refused = Optional.empty();
        for (var charge : charges) {
            if (charge.product().isEmpty()) {
                items.add(charge.unpriced(charge.note()));
                continue;
            }
            try {
                items.add(item(charge, refused.isPresent() ? new Answer(kept.find(charge.product().get()), refused.get()) : answer(charge.product().get())));
            } catch (OutsideException e) {
                refused = Optional.of(e.getMessage());
                items.add(item(charge, new Answer(Optional.empty(), e.getMessage())));
            }
        }
        return new Bill(items);
    }

    private static Item item(Charge charge, Answer answer) {
        return answer.price().map(price -> new Item(charge.name(), charge.quantity(), Optional.of(price), ""))
                .orElseGet(() -> new Item(charge.name(), charge.quantity(), charge.product().flatMap(BundledPrices::of), answer.why()));
    }

    /** @throws OutsideException when AWS refuses or does not answer */
    private Answer answer(Product product) {
        var known = kept.find(product);
        if (known.isPresent()) {
            return new Answer(known, "");
        }
        var found = product.terms().stream().map(terms -> prices(product, terms)).filter(prices -> !prices.isEmpty()).findFirst().orElse(List.of());
        if (found.size() != 1) {
            return new Answer(Optional.empty(), "AWS's list of prices has " + (found.isEmpty() ? "none" : found.size() + " different ones") + " for it in " + product.region());
        }
        kept.keep(product, found.getFirst());
        return new Answer(Optional.of(found.getFirst()), "");
    }

    /** All different ones. */
    private List<Price> prices(Product product, Map<String, String> terms) {
        return AwsRefusals.asking(() -> client.get().getProductsPaginator(call -> call.serviceCode(product.service()).filters(filters(product, terms))
                        .overrideConfiguration(patience -> patience.apiCallTimeout(PATIENCE))).stream().flatMap(page -> page.priceList().stream()).toList())
                .stream().map(PriceListEntry::of).filter(entry -> entry.isOf(product)).flatMap(entry -> entry.prices(product.unit())).distinct().toList();
    }

    private static List<Filter> filters(Product product, Map<String, String> terms) {
        var filters = new ArrayList<Filter>();
        filters.add(filter("regionCode", product.region()));
        terms.forEach((field, value) -> filters.add(filter(field, value)));
        return filters;
    }

    private static Filter filter(String field, String value) {
        return Filter.builder().type(FilterType.TERM_MATCH).field(field).value(value).build();
    }
}
