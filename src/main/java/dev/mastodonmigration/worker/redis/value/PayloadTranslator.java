package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import redis.clients.jedis.Jedis;

/**
 * Decides for each payload how a server of another version takes it. Redis 7.4 and newer write a version that every Valkey refuses,
 * although the value within is the same (research: rewriting version and checksum restores every type but hashes whose fields expire).
 */
public record PayloadTranslator(PayloadFormat target) {
    /** How a key travels. */
    public sealed interface Route {
        /** RESTORE takes these bytes. */
        record Payload(byte[] bytes) implements Route {}

        /** Read and written by the commands of its type. */
        record ByCommands() implements Route {}

        /** Not at all: what it is, in words for the admin. */
        record Impossible(String because) implements Route {}
    }

    /** Valkey 9 counts from here and refuses what lies between Redis's last common version and this (valkey/src/rdb.h). */
    private static final int VALKEY = 80;
    /** The last version that Redis and Valkey have in common: Redis 7.2. */
    private static final int COMMON = 11;
    private static final int MODULE = 6;
    private static final int MODULE_2 = 7;
    /** Highest type byte by version, from redis/src/rdb.h of 6.2, 7.0 and 7.2. */
    private static final int LAST_TYPE_9 = 15;
    private static final int LAST_TYPE_10 = 19;
    private static final int LAST_TYPE_11 = 21;

    /** For a target that carries our marker, by the version of that key's own DUMP. */
    public static PayloadTranslator of(Jedis target) throws Refusal {
        var own = target.dump(Marker.KEY.bytes());
        if (own == null) {
            throw new Refusal("The target Redis does not carry this migration's marker " + Marker.KEY + " any more, so nothing was written. Was it emptied? Start the migration anew.");
        }
        return new PayloadTranslator(PayloadFormat.of(own));
    }

    public Route route(byte[] payload) {
        var type = payload[0] & 0xff;
        if (type == MODULE || type == MODULE_2) {
            return new Route.Impossible("a type of a module, which the target does not have; Mastodon uses none. Delete it if nothing needs it");
        }
        if (isReadable(PayloadFormat.of(payload).rdbVersion())) {
            return new Route.Payload(payload);
        }
        if (type > LAST_TYPE_11) {
            return new Route.Impossible("a hash with fields that expire, or of a type newer than the target; Mastodon uses none. Delete it if nothing needs it,"
                    + " or choose a target of the source's version");
        }
        if (type > lastType() && KeyState.isStream(type)) {
            return new Route.Impossible("a stream, which the target's version of Redis does not read; Mastodon uses none. Delete it if nothing needs it,"
                    + " or choose a target of the source's version");
        }
        return type <= lastType() ? new Route.Payload(new PayloadFormat(Math.min(target.rdbVersion(), COMMON)).stamp(payload)) : new Route.ByCommands();
    }

    private boolean isReadable(int version) {
        return version <= target.rdbVersion() && !(target.rdbVersion() >= VALKEY && version > COMMON && version < VALKEY);
    }

    private int lastType() {
        return switch (target.rdbVersion()) {
            case 10 -> LAST_TYPE_10;
            case 11 -> LAST_TYPE_11;
            default -> target.rdbVersion() < 10 ? LAST_TYPE_9 : LAST_TYPE_11;
        };
    }
}
