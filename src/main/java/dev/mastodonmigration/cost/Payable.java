package dev.mastodonmigration.cost;

import java.util.List;

/** A part of the target that costs something. */
public interface Payable {
    /**
     * What of it will be paid for, by its part of the spec alone: nobody is asked, and nothing is changed. An adapter that says nothing here costs something that
     * nobody knows; one that costs nothing says so with an empty list.
     */
    default List<Charge> charges() {
        return List.of(Charge.unknown("a part of the target", "it does not say what it costs"));
    }
}
