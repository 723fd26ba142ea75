package dev.mastodonmigration.target.aws;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What the operator must know of DNS after a crash: what was there before its first change, and between which two states the records are. What is intended stands here
 * before it is done, so that whatever is found in the zone is one of the two, or somebody else's.
 *
 * @param before    of all domains, as they were before the first change; never overwritten
 * @param from      what was there when the last change was intended
 * @param to        what was intended; the same as {@code from} once every name server has it
 * @param change    id of the change that leads there; empty before it was made, and where its answer was lost
 * @param reachedAt when every name server had it
 * @param led       whether any user was ever to be led elsewhere
 */
record DnsLedger(String zone, List<String> domains, List<ZoneRecord> before, Step from, Step to, Optional<String> change, Optional<Instant> reachedAt, boolean led) {
    /**
     * A state of the records.
     *
     * @param name    for messages
     * @param percent of users who are led to the front
     */
    record Step(String name, int percent, List<ZoneRecord> records) {}

    static DnsLedger of(String zone, List<String> domains, List<ZoneRecord> before) {
        var asBefore = asBefore(before);
        return new DnsLedger(zone, domains, before, asBefore, asBefore, Optional.empty(), Optional.empty(), false);
    }

    Step asBefore() {
        return asBefore(before);
    }

    private static Step asBefore(List<ZoneRecord> before) {
        return new Step("as before", 0, before);
    }

    DnsLedger intending(Step present, Step wanted) {
        return new DnsLedger(zone, domains, before, present, wanted, Optional.empty(), Optional.empty(), led || wanted.percent() > 0);
    }

    DnsLedger changing(String id) {
        return new DnsLedger(zone, domains, before, from, to, Optional.of(id), reachedAt, led);
    }

    DnsLedger reached(Instant now) {
        return new DnsLedger(zone, domains, before, to, to, change, Optional.of(now), led);
    }

    /** Percent of users who are led to the front by now, as far as is known. */
    int share() {
        return change.isPresent() || reachedAt.isPresent() ? to.percent() : from.percent();
    }

    /** Whether the records are in that state, or on the way there. */
    boolean aimsAt(Step wanted) {
        return to.name().equals(wanted.name()) && ZoneRecord.same(to.records(), wanted.records());
    }

    /** Whether anything but what was there was ever intended. */
    boolean changedAnything() {
        return led || change.isPresent() || !ZoneRecord.same(from.records(), before) || !ZoneRecord.same(to.records(), before);
    }
}
