package dev.mastodonmigration.worker.redis.wire;

import java.util.Arrays;
import java.util.List;

/** Compares replies of the Redis protocol by content: their byte arrays are equal only to themselves. */
public final class Bytes {
    private Bytes() {}

    public static boolean equal(Object one, Object other) {
        if (one instanceof byte[] a && other instanceof byte[] b) {
            return Arrays.equals(a, b);
        }
        if (one instanceof List<?> a && other instanceof List<?> b) {
            if (a.size() != b.size()) {
                return false;
            }
            for (int i = 0; i < a.size(); i++) {
                if (!equal(a.get(i), b.get(i))) {
                    return false;
                }
            }
            return true;
        }
        return java.util.Objects.equals(one, other);
    }
}
