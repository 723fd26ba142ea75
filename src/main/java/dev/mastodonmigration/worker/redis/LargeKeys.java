package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;

/** How the rest of a worker's keys get on beside a large one, which takes seconds: told when it is on its way, and asked for their turn between its pages. */
interface LargeKeys {
    /** Where nothing changes and nobody waits. */
    LargeKeys ALONE = new LargeKeys() {
        @Override
        public void move(RedisKey key) {}

        @Override
        public void moved(RedisKey key, long restNanos) {}

        @Override
        public void between() {}

        @Override
        public void followed(RedisKey key) {}

        @Override
        public boolean isSuspect(RedisKey key) {
            return false;
        }

        @Override
        public boolean mayRest() {
            return false;
        }
    };

    void move(RedisKey key);

    /** @param restNanos for how long it is not to be read again */
    void moved(RedisKey key, long restNanos);

    /** Between two pages: what else has changed has its turn. */
    void between() throws Refusal, IOException;

    /** A list was brought in step without looking at all of it: it is to be proved when the source is closed. */
    void followed(RedisKey key);

    /** Whether it proved different although the source told no change. */
    boolean isSuspect(RedisKey key);

    /** False once the source is closed for writing. */
    boolean mayRest();
}
