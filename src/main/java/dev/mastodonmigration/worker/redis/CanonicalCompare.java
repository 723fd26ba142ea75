package dev.mastodonmigration.worker.redis;

import java.util.Arrays;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.Tuple;

/**
 * Whether two keys hold the same value although their DUMPs differ: hashtables have no order, encodings differ between versions,
 * and scores print differently (so they are compared as doubles). Read in pages, so that a large value need not fit in memory.
 */
final class CanonicalCompare {
    private static final int PAGE = 500;
    private static final int STRING_PAGE_BYTES = 1 << 20;
    private static final byte[] HYPERLOGLOG = {'H', 'Y', 'L', 'L'};
    private static final ScanParams STEP = new ScanParams().count(PAGE);

    private interface Page<T> {
        redis.clients.jedis.resps.ScanResult<T> from(byte[] cursor);
    }

    private interface Same<T> {
        boolean test(List<T> page);
    }

    private final Jedis source;
    private final Jedis target;

    CanonicalCompare(Jedis source, Jedis target) {
        this.source = source;
        this.target = target;
    }

    boolean same(RedisKey key) {
        try {
            return sameNow(key.bytes());
        } catch (JedisDataException e) {
            // While it is compared, a key in use may become one of another type, or go.
            if (ValueCopy.isGone(e)) {
                return false;
            }
            throw e;
        }
    }

    private boolean sameNow(byte[] name) {
        var type = source.type(name);
        return type.equals(target.type(name)) && switch (type) {
            case "string" -> strings(name);
            case "list" -> lists(name);
            case "set" -> sets(name);
            case "hash" -> hashes(name);
            case "zset" -> sortedSets(name);
            case "stream" -> new StreamCompare(source, target).same(name);
            default -> false;
        };
    }

    private boolean strings(byte[] name) {
        var length = source.strlen(name);
        if (length != target.strlen(name)) {
            return false;
        }
        for (long at = 0; at < length; at += STRING_PAGE_BYTES) {
            if (!Arrays.equals(string(source, name, at), string(target, name, at))) {
                return false;
            }
        }
        return true;
    }

    /** PFCOUNT writes: it caches its result inside the HyperLogLog (bytes 8 to 15, redis/src/hyperloglog.c), which is not part of the value. */
    private static byte[] string(Jedis jedis, byte[] name, long at) {
        var page = jedis.getrange(name, at, at + STRING_PAGE_BYTES - 1);
        if (at == 0 && page.length >= 16 && Arrays.equals(page, 0, HYPERLOGLOG.length, HYPERLOGLOG, 0, HYPERLOGLOG.length)) {
            Arrays.fill(page, 8, 16, (byte) 0);
        }
        return page;
    }

    private boolean lists(byte[] name) {
        var length = source.llen(name);
        if (length != target.llen(name)) {
            return false;
        }
        for (long at = 0; at < length; at += PAGE) {
            if (!Bytes.equal(source.lrange(name, at, at + PAGE - 1), target.lrange(name, at, at + PAGE - 1))) {
                return false;
            }
        }
        return true;
    }

    // Equal counts, and everything of the source also on the target: equal sets. A page may repeat members; that does no harm.

    private boolean sets(byte[] name) {
        return source.scard(name) == target.scard(name) && pages(cursor -> source.sscan(name, cursor, STEP),
                members -> !target.smismember(name, members.toArray(byte[][]::new)).contains(false));
    }

    private boolean hashes(byte[] name) {
        return source.hlen(name) == target.hlen(name) && pages(cursor -> source.hscan(name, cursor, STEP), entries -> Bytes.equal(
                entries.stream().map(java.util.Map.Entry::getValue).toList(),
                target.hmget(name, entries.stream().map(java.util.Map.Entry::getKey).toArray(byte[][]::new))));
    }

    private boolean sortedSets(byte[] name) {
        return source.zcard(name) == target.zcard(name) && pages(cursor -> source.zscan(name, cursor, STEP),
                members -> members.stream().map(Tuple::getScore).toList()
                        .equals(target.zmscore(name, members.stream().map(Tuple::getBinaryElement).toArray(byte[][]::new))));
    }

    private static <T> boolean pages(Page<T> pages, Same<T> same) {
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        while (true) {
            var page = pages.from(cursor);
            if (!page.getResult().isEmpty() && !same.test(page.getResult())) {
                return false;
            }
            if (page.isCompleteIteration()) {
                return true;
            }
            cursor = page.getCursorAsBytes();
        }
    }
}
