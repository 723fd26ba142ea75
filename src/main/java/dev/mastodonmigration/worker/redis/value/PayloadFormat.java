package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import redis.clients.jedis.Jedis;

/**
 * The version in which a server writes its DUMP payloads, as their footer tells it: two bytes of RDB version, little-endian, then eight of CRC64 (redis/src/cluster.c,
 * createDumpPayload). A server accepts versions up to its own.
 *
 * @param rdbVersion 9 Redis 6.2, 10 Redis 7.0, 11 Redis 7.2 and Valkey up to 8.1, 12 Redis 7.4 to 8.4, 80 Valkey 9
 */
public record PayloadFormat(int rdbVersion) {
    public static final int FOOTER_BYTES = 10;
    /** Valkey 9 counts from here and refuses what lies between Redis's last common version and this (valkey/src/rdb.h). */
    private static final int VALKEY = 80;
    private static final int FIRST_OF_ITS_OWN = 9;
    /** The last version that Redis and Valkey have in common: Redis 7.2. */
    private static final int COMMON = 11;
    private static final int MODULE = 6;
    private static final int MODULE_2 = 7;
    /** Highest type byte by version, from redis/src/rdb.h of 6.2, 7.0 and 7.2. */
    private static final int LAST_TYPE_9 = 15;
    private static final int LAST_TYPE_10 = 19;
    private static final int LAST_TYPE_11 = 21;
    private static final long REFLECTED_POLYNOMIAL = 0x95AC9329AC4BC9B5L;
    private static final long[] CRC = new long[256];

    static {
        for (int i = 0; i < CRC.length; i++) {
            long crc = i;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >>> 1 ^ ((crc & 1) == 0 ? 0 : REFLECTED_POLYNOMIAL);
            }
            CRC[i] = crc;
        }
    }

    /** How a key travels. */
    public sealed interface Route {
        /** RESTORE takes these bytes. */
        record Payload(byte[] bytes) implements Route {}

        /** Read and written by the commands of its type. */
        record ByCommands() implements Route {}

        /** Not at all: what it is, in words for the admin. */
        record Impossible(String because) implements Route {}
    }

    /** Whether this answer to RESTORE means that the server does not read the payload's format. */
    public static boolean isRefused(String answer) {
        return answer.contains("DUMP payload") || answer.contains("Bad data format");
    }

    /** In which Valkey of this major version writes. */
    public static PayloadFormat ofValkey(int major) {
        return new PayloadFormat(major < FIRST_OF_ITS_OWN ? COMMON : VALKEY);
    }

    public static PayloadFormat of(byte[] payload) {
        var at = payload.length - FOOTER_BYTES;
        return new PayloadFormat(at < 0 ? 0 : (payload[at] & 0xff) | (payload[at + 1] & 0xff) << 8);
    }

    /** Of a target that carries our marker, by the version of that key's own DUMP. */
    public static PayloadFormat ofMarked(Jedis target) throws Refusal {
        var own = target.dump(Marker.KEY.bytes());
        if (own == null) {
            throw new Refusal("The target Redis does not carry this migration's marker " + Marker.KEY + " any more, so nothing was written. Was it emptied? Start the migration anew.");
        }
        return of(own);
    }

    /**
     * How a server of this version takes a payload of another. Redis 7.4 and newer write a version that every Valkey refuses, although the value within is the
     * same (research: rewriting version and checksum restores every type but hashes whose fields expire).
     */
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
        return type <= lastType() ? new Route.Payload(new PayloadFormat(Math.min(rdbVersion, COMMON)).stamp(payload)) : new Route.ByCommands();
    }

    private boolean isReadable(int version) {
        return version <= rdbVersion && !(rdbVersion >= VALKEY && version > COMMON && version < VALKEY);
    }

    private int lastType() {
        return switch (rdbVersion) {
            case 10 -> LAST_TYPE_10;
            case 11 -> LAST_TYPE_11;
            default -> rdbVersion < 10 ? LAST_TYPE_9 : LAST_TYPE_11;
        };
    }

    /** The same value with this version in its footer, and the checksum that belongs to it. */
    public byte[] stamp(byte[] payload) {
        var stamped = payload.clone();
        var at = payload.length - FOOTER_BYTES;
        stamped[at] = (byte) rdbVersion;
        stamped[at + 1] = (byte) (rdbVersion >> 8);
        ByteBuffer.wrap(stamped).order(ByteOrder.LITTLE_ENDIAN).putLong(at + 2, checksum(stamped, at + 2));
        return stamped;
    }

    /** CRC-64 of Jones, reflected, no inversion (redis/src/crc64.c). */
    public static long checksum(byte[] bytes, int length) {
        long crc = 0;
        for (int i = 0; i < length; i++) {
            crc = CRC[(int) (crc ^ bytes[i]) & 0xff] ^ crc >>> 8;
        }
        return crc;
    }

    @Override
    public String toString() {
        return "RDB version " + rdbVersion;
    }
}
