package dev.mastodonmigration.worker.redis;

import java.time.Duration;
import java.util.List;
import redis.clients.jedis.exceptions.JedisDataException;

/** Hears which keys of the source change, over a connection of its own. */
interface ChangeFeed extends AutoCloseable {
    /** Told from the feed's own thread, in the order of the server. */
    interface Listener {
        void changed(List<RedisKey> keys);

        /** Changes were or may have been missed; nothing is told after this. */
        void gap(Gap gap);
    }

    /** The server or this user's rights do not let us hear of changes this way. */
    class Unsupported extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** It was accepted, and nothing was told within seconds: once, this may be a busy moment. */
        static final class Silent extends Unsupported {
            private static final long serialVersionUID = 1L;

            Silent(String because) {
                super(because);
            }
        }

        Unsupported(String because) {
            super(because);
        }

        Unsupported(JedisDataException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** @throws Gap when no answer comes in time: a connection that is silent may be gone */
    void ping(Duration patience) throws Gap, InterruptedException;

    @Override
    void close();
}
