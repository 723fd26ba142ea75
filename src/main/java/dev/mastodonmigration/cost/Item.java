package dev.mastodonmigration.cost;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * A line of a bill.
 *
 * @param price empty where nobody knows it
 * @param note  why not, or what is to be known of the price; may be empty
 */
public record Item(String name, int quantity, Optional<Price> price, String note) {
    private static final int CENTS = 2;

    public Optional<BigDecimal> monthlyUsd() {
        return price.map(known -> known.usd().multiply(BigDecimal.valueOf((long) quantity * known.per().perMonth())).setScale(CENTS, RoundingMode.HALF_UP));
    }
}
