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
        return ImmutableFields.movesCompute(seen.spec(), seen.status().internal.accepted);
    }

    /** Where the spec has no edge and names no zone, somebody else sees to it that users come to the target. */
    static boolean trafficShifts(Observation seen) {
        return seen.spec().edge() != null || seen.spec().target().dns() != null && seen.spec().target().dns().route53() != null;
    }

    /** What runs by the clock may be named in the spec later. */
    static boolean somethingIsLeftToDo(Observation seen) {
        return SpecDefaults.livePostgres(seen.spec()) || SpecDefaults.rebuildsRedis(seen.spec()) || seen.spec().target().compute() != null && seen.spec().target().compute().kubernetes() != null;
    }
}
