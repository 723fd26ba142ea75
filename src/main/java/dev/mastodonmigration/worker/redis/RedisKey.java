package dev.mastodonmigration.worker.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A key's name: any bytes, compared as such, printed so that an admin can type it into redis-cli. */
record RedisKey(ByteBuffer name) {
    private static final int PRINTED_BYTES = 100;

    static RedisKey of(byte[] name) {
        return new RedisKey(ByteBuffer.wrap(name));
    }

    static RedisKey of(String name) {
        return of(name.getBytes(StandardCharsets.UTF_8));
    }

    byte[] bytes() {
        return name.array();
    }

    /** In double quotes and escaped as redis-cli does, cut when it is very long. */
    @Override
    public String toString() {
        var text = new StringBuilder("\"");
        for (var b : Arrays.copyOf(bytes(), Math.min(bytes().length, PRINTED_BYTES))) {
            switch (b) {
                case '"', '\\' -> text.append('\\').append((char) b);
                default -> text.append(b >= ' ' && b < 127 ? String.valueOf((char) b) : "\\x%02x".formatted(b));
            }
        }
        return text.append(bytes().length > PRINTED_BYTES ? "…\"" : "\"").toString();
    }
}
