package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.SpecDefaults;

/** When a phase has work. */
final class When {
    private When() {}

    /** A copy of Postgres is what is rehearsed. */
    static boolean rehearsalIsWanted(Observation seen) {
        return SpecDefaults.rehearsalEnabled(seen.spec()) && seen.spec().target().postgres() != null;
    }

    static boolean computeMoves(Observation seen) {
        return seen.spec().target().compute() != null;
    }

    /** Where the spec has no edge and names no zone, somebody else sees to it that users come to the target. */
    static boolean trafficShifts(Observation seen) {
        return seen.spec().edge() != null || seen.spec().target().dns() != null && seen.spec().target().dns().route53() != null;
    }

    static boolean somethingIsLeftToDo(Observation seen) {
        return SpecDefaults.livePostgres(seen.spec()) || SpecDefaults.rebuildsRedis(seen.spec());
    }
}
