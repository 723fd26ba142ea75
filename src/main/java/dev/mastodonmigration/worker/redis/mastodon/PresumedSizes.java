package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.util.ArrayList;
import java.util.List;

/**
 * How large values are, before they are read: as the server says, but for names under which Mastodon keeps small ones. To ask for each of a million
 * counters and cached fragments would be a tenth of a copy's work. Once the presumption was wrong, the server is asked for every key.
 */
public final class PresumedSizes {
    /** More than such values have on average, so that batches come out smaller, not larger. */
    private static final long LEAST_BYTES = 2000;
    private static final long MOST_BYTES = 16_000;

    private boolean holds = true;
    private long bytes = MOST_BYTES;

    /** Those of the keys whose size the server has to tell. */
    public List<RedisKey> unsure(List<RedisKey> keys) {
        return holds ? keys.stream().filter(key -> !KeyNames.isSmall(key)).toList() : keys;
    }

    /** All of these together were not too large: the next batch may have more keys, if anything was presumed of this one. */
    public void wasRight(List<RedisKey> read) {
        if (read.stream().anyMatch(KeyNames::isSmall)) {
            bytes = Math.max(LEAST_BYTES, bytes / 2);
        }
    }

    /** A value, or all of a batch together, was far larger than presumed. */
    public void wasWrong() {
        holds = false;
    }

    /**
     * One size for each of the keys, as {@link KeyScan#cut(List, List)} wants them.
     *
     * @param unsure  what {@link #unsure} said of these keys
     * @param answers what the server said of those
     */
    public List<Object> sizes(List<RedisKey> keys, List<RedisKey> unsure, List<Object> answers) {
        var sizes = new ArrayList<>(keys.size());
        var presumed = Long.valueOf(bytes);
        var asked = 0;
        for (var key : keys) {
            sizes.add(asked < unsure.size() && unsure.get(asked) == key ? answers.get(asked++) : presumed);
        }
        return sizes;
    }
}
