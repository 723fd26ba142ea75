package dev.mastodonmigration.worker.redis.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A key's name: any bytes, compared as such, printed so that an admin can type it into redis-cli. */
public final class RedisKey {
    private static final int PRINTED_BYTES = 100;

    private final byte[] name;
    /** Kept, because every key is looked up several times on its way. */
    private final int hash;

    private RedisKey(byte[] name) {
        this.name = name;
        this.hash = Arrays.hashCode(name);
    }

    public static RedisKey of(byte[] name) {
        return new RedisKey(name);
    }

    public static RedisKey of(String name) {
        return of(name.getBytes(StandardCharsets.UTF_8));
    }

    public byte[] bytes() {
        return name;
    }

    public boolean startsWith(byte[] beginning) {
        return name.length >= beginning.length && Arrays.equals(name, 0, beginning.length, beginning, 0, beginning.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RedisKey key && hash == key.hash && Arrays.equals(name, key.name);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** In double quotes and escaped as redis-cli does, cut when it is very long. */
    @Override
    public String toString() {
        var text = new StringBuilder("\"");
        for (var b : Arrays.copyOf(name, Math.min(name.length, PRINTED_BYTES))) {
            switch (b) {
                case '"', '\\' -> text.append('\\').append((char) b);
                default -> text.append(b >= ' ' && b < 127 ? String.valueOf((char) b) : "\\x%02x".formatted(b));
            }
        }
        return text.append(name.length > PRINTED_BYTES ? "…\"" : "\"").toString();
    }
}
