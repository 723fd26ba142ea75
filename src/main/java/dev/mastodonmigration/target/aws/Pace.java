package dev.mastodonmigration.target.aws;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Spreads looks that only wait: Route 53 answers five calls a second of a whole account, and a phase in the freeze looks ten times a second. Kept in memory: after a
 * restart of the operator one look comes early.
 */
final class Pace {
    private final Map<String, Instant> last = new ConcurrentHashMap<>();
    private final InstantSource clock;
    private final Duration apart;

    Pace(InstantSource clock, Duration apart) {
        this.clock = clock;
        this.apart = apart;
    }

    boolean isDue(String uid) {
        var before = last.get(uid);
        return before == null || !clock.instant().isBefore(before.plus(apart));
    }

    void looked(String uid) {
        last.put(uid, clock.instant());
    }
}
