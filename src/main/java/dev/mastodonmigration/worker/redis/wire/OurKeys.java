package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.worker.control.WorkerContext;
import java.nio.charset.StandardCharsets;

/** The names of the keys that we write ourselves, on whichever server: they are never copied, and never removed as strays. */
public final class OurKeys {
    public static final String PREFIX = "mastodon_migration:";
    /** Never exists on the source; on the target only for a moment, and it would expire by itself. */
    public static final RedisKey PROBE = RedisKey.of(PREFIX + "probe");
    private static final byte[] PREFIX_BYTES = PREFIX.getBytes(StandardCharsets.US_ASCII);

    private OurKeys() {}

    public static boolean contain(RedisKey key) {
        return key.startsWith(PREFIX_BYTES);
    }

    /**
     * Written to a followed server to see whether its changes are told at all; expires by itself. Of a name that no other connection of ours writes, because
     * CLIENT TRACKING tells the keys of all of a server's databases.
     */
    public static RedisKey canary(WorkerContext context, RedisSide side) {
        return RedisKey.of(PREFIX + "canary:" + side + ":" + context.migrationUid());
    }
}
