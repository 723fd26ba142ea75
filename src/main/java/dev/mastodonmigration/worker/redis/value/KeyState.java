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

    boolean hasExpiry() {
        return expiresAtMilliseconds != NEVER;
    }

    /** By the type byte (redis/src/rdb.h, RDB_TYPE_STREAM_LISTPACKS and its two successors). */
    public boolean isStream() {
        return payload[0] == 15 || payload[0] == 19 || payload[0] == 21;
    }

    /** Whether the values are equal as serialized; when not, they may still be equal in another encoding. */
    boolean sameBytes(KeyState other) {
        var end = payload.length - PayloadFormat.FOOTER_BYTES;
        var otherEnd = other.payload.length - PayloadFormat.FOOTER_BYTES;
        return end > 0 && otherEnd > 0 && Arrays.equals(payload, 0, end, other.payload, 0, otherEnd);
    }
}
