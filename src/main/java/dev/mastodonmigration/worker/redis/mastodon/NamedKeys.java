package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Counts keys, and keeps the names of the first, for a message. */
public final class NamedKeys {
    private static final int NAMED = 5;

    private final Set<String> first = new LinkedHashSet<>();
    private long count;

    public NamedKeys() {
        this(List.of());
    }

    NamedKeys(Collection<RedisKey> keys) {
        add(keys);
    }

    public void add(Collection<RedisKey> keys) {
        count += keys.size();
        keys.stream().map(RedisKey::toString).filter(name -> !first.contains(name)).limit(NAMED - first.size()).forEach(first::add);
    }

    public long count() {
        return count;
    }

    /** The first of them. */
    public String names() {
        return String.join(", ", first);
    }

    @Override
    public String toString() {
        return count + (count == 1 ? " key, " : " keys, among them ") + names();
    }
}
