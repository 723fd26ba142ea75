package dev.mastodonmigration.worker.redis.value;

import java.util.Arrays;

/**
 * What one key holds: its DUMP payload, and when it expires.
 *
 * @param payload               as DUMP answers it: one byte of type, the value, and a footer of {@link PayloadFormat#FOOTER_BYTES}
 * @param expiresAtMilliseconds Unix time, or {@link #NEVER}
 */
public record KeyState(byte[] payload, long expiresAtMilliseconds) {
    public static final long NEVER = -1;
    /** RDB_TYPE_HASH_LISTPACK_EX of Redis 7.4. */
    private static final int LAST_KNOWN_TYPE = 25;

    boolean hasExpiry() {
        return expiresAtMilliseconds != NEVER;
    }

    /** Whether only its payload tells whether it is the same: a stream, or of a type newer than those we know. */
    public boolean isStream() {
        return isStream(payload[0]);
    }

    /** By the type byte (redis/src/rdb.h, RDB_TYPE_STREAM_LISTPACKS and its successors, of which newer Redis have had more each time). */
    static boolean isStream(int type) {
        return type == 15 || type == 19 || type == 21 || type > LAST_KNOWN_TYPE;
    }

    /** Whether the values are equal as serialized; when not, they may still be equal in another encoding. */
    boolean sameBytes(KeyState other) {
        var end = payload.length - PayloadFormat.FOOTER_BYTES;
        var otherEnd = other.payload.length - PayloadFormat.FOOTER_BYTES;
        return end > 0 && otherEnd > 0 && Arrays.equals(payload, 0, end, other.payload, 0, otherEnd);
    }
}
