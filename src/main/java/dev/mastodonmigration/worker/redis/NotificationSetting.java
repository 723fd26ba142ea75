package dev.mastodonmigration.worker.redis;

import java.util.Optional;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Which changes the server notifies of. By default none, so it is set for as long as changes are followed and then put back; where CONFIG is
 * refused, as on ElastiCache, somebody else must have set it, and only a probe tells.
 */
final class NotificationSetting {
    private static final String NAME = "notify-keyspace-events";
    /** By key (K), of all that changes one (A; redis/src/notify.c). */
    private static final String WANTED = "KA";

    static final NotificationSetting NONE = new NotificationSetting(Optional.empty());

    private final Optional<String> former;

    private NotificationSetting(Optional<String> former) {
        this.former = former;
    }

    /** Why the server will not notify of all changes; tried by setting what is set. Where CONFIG is refused and so nothing tells, somebody has to have set it. */
    static Optional<String> refused(Jedis source) {
        try {
            var now = source.configGet(NAME).getOrDefault(NAME, "");
            if (!tellsAll(now)) {
                source.configSet(NAME, now);
            }
            return Optional.empty();
        } catch (JedisDataException e) {
            return Optional.of(NAME + " must be " + WANTED + ", and we may not set it: " + e.getMessage());
        }
    }

    private static boolean tellsAll(String setting) {
        return setting.contains("K") && setting.contains("A");
    }

    static NotificationSetting on(Jedis source) {
        try {
            var now = source.configGet(NAME).get(NAME);
            if (now == null || tellsAll(now)) {
                return NONE;
            }
            source.configSet(NAME, now + WANTED);
            return new NotificationSetting(Optional.of(now));
        } catch (JedisDataException notAllowed) {
            return NONE;
        }
    }

    void putBack(Jedis source) {
        try {
            former.ifPresent(value -> source.configSet(NAME, value));
        } catch (JedisException gone) {
            // Not worth more than the failure that broke the connection: notifications that nobody hears do no harm, and a restart forgets the setting.
            return;
        }
    }
}
