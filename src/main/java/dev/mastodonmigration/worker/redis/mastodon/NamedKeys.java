package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Counts keys, and keeps the names of the first, for a message. */
public final class NamedKeys {
    private static final int NAMED = 5;

    private final List<String> first = new ArrayList<>();
    private long count;

    public void add(Collection<RedisKey> keys) {
        count += keys.size();
        keys.stream().limit(NAMED - first.size()).forEach(key -> first.add(key.toString()));
    }

    public long count() {
        return count;
    }

    @Override
    public String toString() {
        return count + (count == 1 ? " key, " : " keys, among them ") + String.join(", ", first);
    }
}
