package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;

/** How the rest of a worker's keys get on beside a large one, which takes seconds: told when it is on its way, and asked for their turn between its pages. */
public interface LargeKeys {
    /** Where nothing changes and nobody waits. */
    LargeKeys ALONE = new LargeKeys() {};

    default void move(RedisKey key) {}

    /** @param restNanos for how long it is not to be read again */
    default void moved(RedisKey key, long restNanos) {}

    /** Between two pages: what else has changed has its turn. */
    default void between() throws Refusal, IOException {}

    /** A list was brought in step without looking at all of it: it is to be proved when the source is closed. */
    default void followed(RedisKey key) {}

    /** Whether it proved different although the source told no change. */
    default boolean isSuspect(RedisKey key) {
        return false;
    }

    /** False once the source is closed for writing. */
    default boolean mayRest() {
        return false;
    }
}
