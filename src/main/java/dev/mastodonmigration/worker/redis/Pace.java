package dev.mastodonmigration.worker.redis;

import java.time.Duration;

/**
 * How long a scan rests after each batch, so that the instance keeps its Redis: doubled while a PING of ours takes longer than users should
 * wait, halved when it does not. Redis serves one command at a time, so our reading delays theirs by what it delays our PING.
 */
record Pace(Duration rest) {
    static final Pace FULL = new Pace(Duration.ZERO);
    private static final Duration TOO_SLOW = Duration.ofMillis(25);
    private static final Duration FIRST = Duration.ofMillis(2);
    private static final Duration LONGEST = Duration.ofMillis(500);

    Pace after(Duration ping) {
        if (ping.compareTo(TOO_SLOW) > 0) {
            var doubled = rest.isZero() ? FIRST : rest.multipliedBy(2);
            return new Pace(doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled);
        }
        var halved = rest.dividedBy(2);
        return halved.compareTo(FIRST) < 0 ? FULL : new Pace(halved);
    }
}
