package dev.mastodonmigration.target.aws;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts how many looks in a row found an instance ready: a new one is available, backs up, is modified, and is available again
 * (hashicorp/terraform-provider-aws waits for three times, 10 s apart). Kept in memory: a restart of the operator only makes it count anew, and so wait longer.
 */
final class Steadiness {
    static final int WANTED = 3;
    static final Duration APART = Duration.ofSeconds(10);
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();
    private final InstantSource clock;

    private record Seen(int looks, Instant last) {}

    Steadiness(InstantSource clock) {
        this.clock = clock;
    }

    /** It was ready. @return how many looks in a row have found it so, those closer than {@link #APART} to the last not counted */
    int ready(String uid) {
        var now = clock.instant();
        return seen.compute(uid, (key, before) -> before == null ? new Seen(1, now) : now.isBefore(before.last().plus(APART)) ? before : new Seen(before.looks() + 1, now)).looks();
    }

    /** It was not. */
    void broken(String uid) {
        seen.remove(uid);
    }
}
