package dev.mastodonmigration.worker.redis.value;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the footer of a DUMP payload tells: two bytes of RDB version, little-endian, then eight of CRC64 (redis/src/cluster.c,
 * createDumpPayload). A server accepts versions up to its own.
 *
 * @param rdbVersion 9 Redis 6.2, 10 Redis 7.0, 11 Redis 7.2 and Valkey up to 8.1, 12 Redis 7.4 to 8.4, 80 Valkey 9
 */
public record PayloadFormat(int rdbVersion) {
    public static final int FOOTER_BYTES = 10;
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

    /** Whether this answer to RESTORE means that the server does not read the payload's format. */
    public static boolean isRefused(String answer) {
        return answer.contains("DUMP payload") || answer.contains("Bad data format");
    }

    public static PayloadFormat of(byte[] payload) {
        var at = payload.length - FOOTER_BYTES;
        return new PayloadFormat(at < 0 ? 0 : (payload[at] & 0xff) | (payload[at + 1] & 0xff) << 8);
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
