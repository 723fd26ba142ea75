package dev.mastodonmigration.cost;

import java.util.List;

/** What things cost where the instance goes. */
@FunctionalInterface
public interface Prices {
    /** Where nothing is bought that has a price in a list. */
    Prices NONE = charges -> new Bill(charges.stream().map(charge -> charge.unpriced(charge.note())).toList());

    /** A line for each charge, in their order. A price that cannot be had is not known, and its line says why: this throws nothing, and answers soon. */
    Bill of(List<Charge> charges);
}
