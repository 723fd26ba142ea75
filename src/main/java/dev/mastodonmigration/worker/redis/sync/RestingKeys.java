package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Large keys, which take their time and are no lag: while one is on its way, and for a while after it arrived, that it changes is noted here and looked at later. One
 * that changes all the time is not read all the time.
 */
final class RestingKeys {
    private final Set<RedisKey> moving = new HashSet<>();
    private final Map<RedisKey, Long> untilNanos = new HashMap<>();
    private final Set<RedisKey> changed = new LinkedHashSet<>();

    void move(RedisKey key) {
        moving.add(key);
    }

    void moved(RedisKey key) {
        moving.remove(key);
    }

    /** @param nanos from now on */
    void rest(RedisKey key, long nanos) {
        untilNanos.put(key, System.nanoTime() + nanos);
    }

    /** Whether it is on its way, or to be left alone. */
    boolean contains(RedisKey key) {
        return moving.contains(key) || untilNanos.containsKey(key);
    }

    void changed(RedisKey key) {
        changed.add(key);
    }

    boolean hasChanged(RedisKey key) {
        return changed.contains(key);
    }

    /** From now on only what is on its way is left alone. */
    void wake() {
        untilNanos.clear();
    }

    /** Those that changed and have rested; told once. */
    List<RedisKey> takeRested() {
        var now = System.nanoTime();
        untilNanos.values().removeIf(until -> until <= now);
        var rested = changed.stream().filter(key -> !contains(key)).toList();
        rested.forEach(changed::remove);
        return rested;
    }

    /** Those that changed, and those on their way. */
    int count() {
        return changed.size() + moving.size();
    }
}
