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
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();
    private final InstantSource clock;
    private final Duration apart;

    private record Seen(int looks, Instant last) {}

    Steadiness(InstantSource clock, Duration apart) {
        this.clock = clock;
        this.apart = apart;
    }

    /** It was ready. @return how many looks in a row have found it so, those closer to the last than they should be apart not counted */
    int ready(String uid) {
        var now = clock.instant();
        return seen.compute(uid, (key, before) -> before == null ? new Seen(1, now) : now.isBefore(before.last().plus(apart)) ? before : new Seen(before.looks() + 1, now)).looks();
    }

    /** It was not. */
    void broken(String uid) {
        seen.remove(uid);
    }
}
