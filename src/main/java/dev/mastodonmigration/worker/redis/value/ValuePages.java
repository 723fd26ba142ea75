package dev.mastodonmigration.worker.redis.value;

import java.util.List;
import java.util.Optional;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;

/** Reads one value page by page, so that a large one need not fit in memory. It may change in between: its change is told, and it is looked at again. */
final class ValuePages {
    private static final int PAGE_BYTES = 1 << 20;
    private static final int MOST_ELEMENTS = 1000;

    private final Jedis jedis;
    private final byte[] key;
    private final ValueType type;
    private final long size;
    private final int step;
    private long at;
    private byte[] cursor = ScanParams.SCAN_POINTER_START_BINARY;
    private boolean scanned;

    private ValuePages(Jedis jedis, byte[] key, ValueType type, long size, int step) {
        this.jedis = jedis;
        this.key = key;
        this.type = type;
        this.size = size;
        this.step = step;
    }

    /** @param bytes about how large it is, for the size of a page */
    static ValuePages of(Jedis jedis, byte[] key, ValueType type, long bytes) {
        var size = size(jedis, key, type);
        return new ValuePages(jedis, key, type, size, type == ValueType.STRING ? PAGE_BYTES : elements(bytes, size));
    }

    /** The same value on another server, under the name that it has there, in pages of the same size. */
    ValuePages on(Jedis other, byte[] name) {
        return new ValuePages(other, name, type, size(other, name, type), step);
    }

    /** So many of them take about a mebibyte. */
    static int elements(long bytes, long size) {
        return (int) Math.clamp(size * PAGE_BYTES / Math.max(1, bytes), 1, MOST_ELEMENTS);
    }

    private static long size(Jedis jedis, byte[] key, ValueType type) {
        return (long) jedis.sendCommand(type.size, key);
    }

    /** Number of elements, or bytes of a string, when it was first looked at. */
    long size() {
        return size;
    }

    /** The next elements, at least one: of a hash each field and its value, of a sorted set each member and its score. Empty at the end. */
    Optional<List<byte[]>> next() {
        var page = type.hasOrder() ? range() : scan();
        return page.isEmpty() ? Optional.empty() : Optional.of(page);
    }

    private List<byte[]> range() {
        if (at >= size) {
            return List.of();
        }
        var found = jedis.sendCommand(type.page, key, ValueType.ascii(at), ValueType.ascii(at + step - 1));
        at += step;
        return elements(found);
    }

    private List<byte[]> scan() {
        List<byte[]> found = List.of();
        while (found.isEmpty() && !scanned) {
            var answer = (List<?>) jedis.sendCommand(type.page, key, cursor, ValueType.ascii("COUNT"), ValueType.ascii(step));
            cursor = (byte[]) answer.getFirst();
            scanned = cursor.length == 1 && cursor[0] == '0';
            found = elements(answer.getLast());
        }
        return found;
    }

    /** Of an answer that is a list, or one string. */
    static List<byte[]> elements(Object answer) {
        return answer instanceof List<?> list ? list.stream().map(element -> (byte[]) element).toList() : List.of((byte[]) answer);
    }

    /** Became another type, or went, between two pages. */
    static boolean isGone(JedisDataException e) {
        var said = String.valueOf(e.getMessage());
        return said.startsWith("WRONGTYPE") || said.contains("no such key");
    }
}
