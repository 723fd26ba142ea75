package dev.mastodonmigration.cost;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What one side costs a month, line by line. */
public record Bill(List<Item> items) {
    public Bill {
        items = List.copyOf(items);
    }

    /** Of something whose cost nobody knows. @param why in words that follow a colon */
    public static Bill unknown(String what, String why) {
        return new Bill(List.of(new Item(what, 1, Optional.empty(), why)));
    }

    /** Of those lines whose price is known. */
    public BigDecimal knownUsd() {
        return items.stream().map(Item::monthlyUsd).flatMap(Optional::stream).reduce(BigDecimal.ZERO.setScale(2), BigDecimal::add);
    }

    public List<Item> unknown() {
        return items.stream().filter(item -> item.price().isEmpty()).toList();
    }

    public boolean isComplete() {
        return unknown().isEmpty();
    }

    /** Whether nothing of it is known. */
    public boolean isUnknown() {
        return !items.isEmpty() && unknown().size() == items.size();
    }

    /** As "165.00 USD", "at least 140.00 USD", or "not known". */
    public String words() {
        return isUnknown() ? "not known" : (isComplete() ? "" : "at least ") + knownUsd() + " USD";
    }

    /** What is not known, with why, as "Postgres (it is yours)". */
    public String unknownWords() {
        return unknown().stream().map(item -> item.name() + (item.note().isEmpty() ? "" : " (" + item.note() + ")")).distinct().collect(Collectors.joining(", "));
    }

    public Bill and(Bill other) {
        return new Bill(Stream.concat(items.stream(), other.items.stream()).toList());
    }
}
