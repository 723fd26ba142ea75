package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.cost.Price;
import dev.mastodonmigration.cost.Product;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Prices that AWS told within the last day: its list is public, changes rarely, and is one for all accounts. A restart of the operator only asks again. */
final class KeptPrices {
    static final Duration GOOD_FOR = Duration.ofDays(1);
    private final Map<Product, Kept> kept = new ConcurrentHashMap<>();
    private final InstantSource clock;

    private record Kept(Price price, Instant until) {}

    KeptPrices(InstantSource clock) {
        this.clock = clock;
    }

    Optional<Price> find(Product product) {
        return Optional.ofNullable(kept.get(product)).filter(found -> clock.instant().isBefore(found.until())).map(Kept::price);
    }

    void keep(Product product, Price price) {
        kept.put(product, new Kept(price, clock.instant().plus(GOOD_FOR)));
    }
}
