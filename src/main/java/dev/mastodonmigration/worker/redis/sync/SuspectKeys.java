package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Keys that proved different, and of which the source has told no change since: one that stays so however often it is brought can not be made equal. */
final class SuspectKeys {
    /** So often a key must have proved different before the time counts for which it does: a large one rests between two tries. */
    private static final int TRIES = 3;

    /** Since when (nanoseconds), and how often. */
    private record Suspicion(long since, int times) {}

    private final Map<RedisKey, Suspicion> all = new HashMap<>();

    /** Answers for how long it does. */
    Duration differed(RedisKey key) {
        var now = System.nanoTime();
        var suspicion = all.merge(key, new Suspicion(now, 1), (before, once) -> new Suspicion(before.since(), before.times() + 1));
        return suspicion.times() < TRIES ? Duration.ZERO : Duration.ofNanos(now - suspicion.since());
    }

    boolean contains(RedisKey key) {
        return all.containsKey(key);
    }

    /** It proved equal, or changed. */
    void acquit(RedisKey key) {
        all.remove(key);
    }
}
