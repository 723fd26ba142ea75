package dev.mastodonmigration.worker.redis;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Counts keys, and keeps the names of the first, for a message. */
final class NamedKeys {
    private static final int NAMED = 5;

    private final List<String> first = new ArrayList<>();
    private long count;

    void add(Collection<RedisKey> keys) {
        count += keys.size();
        keys.stream().limit(NAMED - first.size()).forEach(key -> first.add(key.toString()));
    }

    long count() {
        return count;
    }

    @Override
    public String toString() {
        return count + (count == 1 ? " key, " : " keys, among them ") + String.join(", ", first);
    }
}
