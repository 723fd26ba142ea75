package dev.mastodonmigration.election;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Decides, from one look at the Lease after another, whether this operator acts. */
final class Election {
    /** A killed operator's successor acts this long after the last renewal, and one look later. */
    static final Duration LEASE = Duration.ofSeconds(5);
    /** One look that is never answered, and the pause before it: the holder is over before its Lease is. */
    static final Duration SAFETY = Duration.ofMillis(1500);

    /** What a look found; {@link #LOST} is final. */
    enum Standing { WAITS, ACTS, LOST }

    private final Leases leases;
    private final String identity;
    private final LongSupplier nanoTime;
    private Optional<Leases.Seen> known = Optional.empty();
    private long knownSince;
    private boolean acts;
    private volatile long actsUntil;
    private volatile boolean mayAct;

    /** @param nanoTime a clock that never jumps */
    Election(Leases leases, String identity, LongSupplier nanoTime) {
        this.leases = leases;
        this.identity = identity;
        this.nanoTime = nanoTime;
    }

    /** Reads or renews the Lease. An exception of the API server says nothing about it: the operator acts on until {@link #mayAct} says no. */
    Standing look() {
        return acts ? renew() : tryToTake();
    }

    /** Whether this operator may write: it holds the Lease, and renewed it lately enough. */
    boolean mayAct() {
        return mayAct && nanoTime.getAsLong() - actsUntil < 0;
    }

    /** Who acts, as far as was seen. */
    Optional<String> holder() {
        return known.flatMap(Leases.Seen::holder);
    }

    /** Lets another one act at once; to be called again where that failed. */
    void letGo() {
        mayAct = false;
        if (acts) {
            known.ifPresent(leases::letGo);
            acts = false;
        }
    }

    private Standing tryToTake() {
        var sentAt = nanoTime.getAsLong();
        var seen = leases.read();
        if (!seen.map(Leases.Seen::version).equals(known.map(Leases.Seen::version))) {
            known = seen;
            knownSince = nanoTime.getAsLong();
        }
        if (seen.isPresent() && !isFree(seen.get())) {
            return Standing.WAITS;
        }
        var taken = seen.isPresent() ? leases.hold(seen.get(), identity, LEASE) : leases.create(identity, LEASE);
        return taken.map(lease -> held(lease, sentAt)).orElse(Standing.WAITS);
    }

    /** Held by nobody, by this very pod before its container was started again, or by one that has not renewed it since. */
    private boolean isFree(Leases.Seen seen) {
        return seen.holder().isEmpty() || seen.holder().get().equals(identity) || nanoTime.getAsLong() - knownSince > seen.duration().toNanos();
    }

    private Standing renew() {
        var sentAt = nanoTime.getAsLong();
        var renewed = leases.hold(known.orElseThrow(), identity, LEASE);
        if (renewed.isEmpty()) {
            // Edited by a hand, or a renewal whose answer was lost: still ours, then.
            renewed = leases.read().filter(lease -> lease.holder().filter(identity::equals).isPresent()).flatMap(lease -> leases.hold(lease, identity, LEASE));
        }
        if (renewed.isEmpty()) {
            mayAct = false;
            return Standing.LOST;
        }
        return held(renewed.get(), sentAt);
    }

    private Standing held(Leases.Seen lease, long sentAt) {
        known = Optional.of(lease);
        acts = true;
        actsUntil = sentAt + LEASE.minus(SAFETY).toNanos();
        mayAct = true;
        return Standing.ACTS;
    }
}
