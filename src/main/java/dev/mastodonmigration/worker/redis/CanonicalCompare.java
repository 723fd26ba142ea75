package dev.mastodonmigration.worker.redis;

import java.util.Arrays;
import java.util.List;
import java.util.Map.Entry;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;
import redis.clients.jedis.resps.Tuple;

/**
 * Whether two keys hold the same value although their DUMPs differ: hashtables have no order, encodings differ between versions,
 * and scores print differently (so they are compared as doubles). Read in pages, so that a large value need not fit in memory.
 */
final class CanonicalCompare {
    private static final byte[] HYPERLOGLOG = {'H', 'Y', 'L', 'L'};

    private interface Page<T> {
        ScanResult<T> from(byte[] cursor, ScanParams step);
    }

    private interface Same<T> {
        boolean test(List<T> page);
    }

    private final Runnable betweenPages;
    private final Jedis source;
    private final Jedis target;
    private final FieldExpiry sourceExpiry;
    private final FieldExpiry targetExpiry;

    /** @param betweenPages run between the pages of a large value */
    CanonicalCompare(KeyReader source, KeyReader target, Runnable betweenPages) {
        this.betweenPages = betweenPages;
        this.source = source.jedis();
        this.target = target.jedis();
        this.sourceExpiry = source.fieldExpiry();
        this.targetExpiry = target.fieldExpiry();
    }

    /** @param bytes about how large the value is, for the size of a page */
    boolean same(RedisKey key, long bytes) {
        try {
            return sameNow(key.bytes(), bytes);
        } catch (JedisDataException e) {
            // While it is compared, a key in use may become one of another type, or go.
            if (ValueCopy.isGone(e)) {
                return false;
            }
            throw e;
        }
    }

    private boolean sameNow(byte[] name, long bytes) {
        var type = source.type(name);
        return type.equals(target.type(name)) && switch (type) {
            case "string" -> strings(name);
            case "list" -> lists(name, bytes);
            case "set" -> sets(name, bytes);
            case "hash" -> hashes(name, bytes);
            case "zset" -> sortedSets(name, bytes);
            case "stream" -> new StreamCompare(source, target).same(name, bytes);
            default -> false;
        };
    }

    private boolean strings(byte[] name) {
        var length = source.strlen(name);
        if (length != target.strlen(name)) {
            return false;
        }
        for (long at = 0; at < length; at += ValueCopy.PAGE_BYTES) {
            if (!Arrays.equals(string(source, name, at), string(target, name, at))) {
                return false;
            }
            betweenPages.run();
        }
        return true;
    }

    private static byte[] string(Jedis jedis, byte[] name, long at) {
        var page = jedis.getrange(name, at, at + ValueCopy.PAGE_BYTES - 1);
        return at == 0 ? withoutCache(page) : page;
    }

    /** PFCOUNT writes: it caches its result inside the HyperLogLog (bytes 8 to 15, redis/src/hyperloglog.c), which is not part of the value. */
    static byte[] withoutCache(byte[] page) {
        if (page.length >= 16 && Arrays.equals(page, 0, HYPERLOGLOG.length, HYPERLOGLOG, 0, HYPERLOGLOG.length)) {
            Arrays.fill(page, 8, 16, (byte) 0);
        }
        return page;
    }

    private boolean lists(byte[] name, long bytes) {
        var length = source.llen(name);
        if (length != target.llen(name)) {
            return false;
        }
        var page = ValueCopy.page(bytes, length);
        for (long at = 0; at < length; at += page) {
            if (!Bytes.equal(source.lrange(name, at, at + page - 1), target.lrange(name, at, at + page - 1))) {
                return false;
            }
            betweenPages.run();
        }
        return true;
    }

    // Equal counts, and everything of the source also on the target: equal sets. A page may repeat members; that does no harm.

    private boolean sets(byte[] name, long bytes) {
        var size = source.scard(name);
        return size == target.scard(name) && pages(ValueCopy.page(bytes, size), (cursor, step) -> source.sscan(name, cursor, step),
                members -> !target.smismember(name, members.toArray(byte[][]::new)).contains(false));
    }

    private boolean hashes(byte[] name, long bytes) {
        var size = source.hlen(name);
        return size == target.hlen(name) && pages(ValueCopy.page(bytes, size), (cursor, step) -> source.hscan(name, cursor, step), entries -> sameFields(name, entries));
    }

    private boolean sameFields(byte[] name, List<Entry<byte[], byte[]>> entries) {
        return Bytes.equal(entries.stream().map(Entry::getValue).toList(), target.hmget(name, entries.stream().map(Entry::getKey).toArray(byte[][]::new)))
                && sourceExpiry.of(name, entries.stream().map(Entry::getKey)).equals(targetExpiry.of(name, entries.stream().map(Entry::getKey)));
    }

    private boolean sortedSets(byte[] name, long bytes) {
        var size = source.zcard(name);
        return size == target.zcard(name) && pages(ValueCopy.page(bytes, size), (cursor, step) -> source.zscan(name, cursor, step),
                members -> members.stream().map(Tuple::getScore).toList()
                        .equals(target.zmscore(name, members.stream().map(Tuple::getBinaryElement).toArray(byte[][]::new))));
    }

    private <T> boolean pages(int size, Page<T> pages, Same<T> same) {
        var step = new ScanParams().count(size);
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        while (true) {
            var page = pages.from(cursor, step);
            if (!page.getResult().isEmpty() && !same.test(page.getResult())) {
                return false;
            }
            if (page.isCompleteIteration()) {
                return true;
            }
            cursor = page.getCursorAsBytes();
            betweenPages.run();
        }
    }
}
