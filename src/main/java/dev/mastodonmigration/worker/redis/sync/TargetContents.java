package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.ScanParams;

/** Says what stands in a database that should be empty. */
final class TargetContents {
    private static final int NAMED = 5;

    /** Rails' cache, where rack-attack counts requests too: the new web processes write it as soon as a probe or a robot finds them, and it may be lost at any time. */
    private static final List<byte[]> CACHE = List.of("cache:".getBytes(StandardCharsets.US_ASCII));

    private TargetContents() {}

    /** Whether it may be lost at any time, whoever wrote it. */
    static boolean isCache(RedisKey key) {
        return CACHE.stream().anyMatch(key::startsWith);
    }

    static String notEmpty(Jedis jedis, String name) {
        return name + " is not empty: it holds " + jedis.dbSize() + " keys, among them " + listed(somebodys(jedis, List.of()))
                + ". Nothing there was changed. Empty it yourself if nobody needs it (FLUSHDB), or name another database in spec.target.redis.";
    }

    /** What others put beside our marker before we copied anything. */
    static Optional<String> sinceTheClaim(Jedis jedis, String name) {
        if (jedis.dbSize() <= 1) {
            return Optional.empty();
        }
        var found = somebodys(jedis, CACHE);
        return found.isEmpty() ? Optional.empty() : Optional.of("Since this migration claimed " + name + ", somebody else wrote keys there, among them " + listed(found)
                + ". They were not touched, and nothing was copied beside them. Move them to another database (MIGRATE, or DUMP and RESTORE) and remove them here.");
    }

    /** For a database that we give back without ever having copied anything into it. */
    static String left(Jedis jedis, String name) {
        var keys = jedis.dbSize();
        return keys == 0 ? name + " is empty, as it was given to us." : "Our marker was removed from " + name + ". Nothing had been copied; " + keys
                + " keys that others put there were left, among them " + listed(somebodys(jedis, List.of())) + ".";
    }

    /** The first keys that are not our marker and begin with none of these. */
    private static List<RedisKey> somebodys(Jedis jedis, List<byte[]> harmless) {
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        var found = new ArrayList<RedisKey>();
        boolean complete;
        do {
            var page = jedis.scan(cursor, new ScanParams().count(100));
            page.getResult().stream().filter(key -> harmless.stream().noneMatch(prefix -> begins(key, prefix))).map(RedisKey::of)
                    .filter(key -> !key.equals(Marker.KEY) && !found.contains(key)).forEach(found::add);
            cursor = page.getCursorAsBytes();
            complete = page.isCompleteIteration();
        } while (!complete && found.size() < NAMED);
        return found;
    }

    private static boolean begins(byte[] key, byte[] prefix) {
        return key.length >= prefix.length && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    private static String listed(List<RedisKey> keys) {
        return keys.stream().limit(NAMED).map(RedisKey::toString).collect(Collectors.joining(", "));
    }
}
