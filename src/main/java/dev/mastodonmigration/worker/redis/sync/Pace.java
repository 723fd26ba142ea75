package dev.mastodonmigration.worker.redis.sync;

import java.time.Duration;

/**
 * How many times as long as our work took we rest after it, so that the instance keeps its Redis: doubled while a small command of ours takes longer than
 * users should wait, halved when it does not. Redis serves one command at a time, so our reading delays theirs by what it delays ours. What such a command took
 * at best is the way there: a server in another region is not a busy one.
 *
 * @param quickest of these commands so far
 */
record Pace(int restPerWork, Duration quickest) {
    static final Pace FULL = new Pace(0, Duration.ofDays(1));
    private static final Duration TOO_LONG = Duration.ofMillis(25);
    private static final int MOST = 8;

    Pace after(Duration command) {
        var best = command.compareTo(quickest) < 0 ? command : quickest;
        return new Pace(command.minus(best).compareTo(TOO_LONG) > 0 ? Math.clamp(2L * restPerWork, 1, MOST) : restPerWork / 2, best);
    }

    /** To follow what is being done. */
    String words() {
        return restPerWork == 0 ? "" : ", at a pace that spares its users";
    }

    Pace slower(Pace other) {
        return other.restPerWork > restPerWork ? other : this;
    }

    /** @return for how many nanoseconds to rest */
    long restAfter(long workNanos) {
        return restPerWork * workNanos;
    }
}
