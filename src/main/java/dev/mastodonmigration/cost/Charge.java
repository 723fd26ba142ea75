package dev.mastodonmigration.cost;

import java.util.Optional;

/**
 * Something that will be paid for.
 *
 * @param name    in an admin's words, as "RDS instance db.t4g.small"
 * @param product empty where the operator cannot know its price
 * @param note    why not; empty otherwise
 */
public record Charge(String name, int quantity, Optional<Product> product, String note) {
    public static Charge of(String name, int quantity, Product product) {
        return new Charge(name, quantity, Optional.of(product), "");
    }

    /** @param why in words that follow a colon */
    public static Charge unknown(String name, String why) {
        return new Charge(name, 1, Optional.empty(), why);
    }

    /** Without its price. @param why in words that follow a colon */
    public Item unpriced(String why) {
        return new Item(name, quantity, Optional.empty(), why);
    }
}
