package dev.mastodonmigration.worker.redis;

import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.ScanParams;

/** Says what stands in a database that should be empty. */
final class TargetContents {
    private static final int NAMED = 5;

    private TargetContents() {}

    static String notEmpty(Jedis jedis, String name) {
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        var named = new java.util.ArrayList<RedisKey>();
        do {
            var found = jedis.scan(cursor, new ScanParams().count(100));
            found.getResult().stream().map(RedisKey::of).forEach(named::add);
            cursor = found.getCursorAsBytes();
            if (found.isCompleteIteration()) {
                break;
            }
        } while (named.size() < NAMED);
        return name + " is not empty: it holds " + jedis.dbSize() + " keys, among them "
                + named.stream().limit(NAMED).map(RedisKey::toString).collect(Collectors.joining(", "))
                + ". Nothing there was changed. Empty it yourself if nobody needs it (FLUSHDB), or name another database in spec.target.redis.";
    }
}
