package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.PhaseId;
import java.util.function.Predicate;

/** A phase of an itinerary, and when it has work. */
record Stop(PhaseId phase, Predicate<Observation> hasWork) {
    static Stop stop(PhaseId phase) {
        return new Stop(phase, seen -> true);
    }

    static Stop stop(PhaseId phase, Predicate<Observation> hasWork) {
        return new Stop(phase, hasWork);
    }
}
