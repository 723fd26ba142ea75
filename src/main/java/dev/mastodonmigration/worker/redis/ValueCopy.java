package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/**
 * Copies one key by the commands of its type, page by page: where the target can not read the payload, and where a value is too large to
 * be held at once. A key in use may change between the pages; it is then told as changed, and copied again.
 */
final class ValueCopy {
    static final int PAGE_BYTES = 1 << 20;
    private static final int MAX_PAGE = 1000;

    private final Jedis source;
    private final GuardedWriter target;
    private final LargeKeys around;

    private interface Page<T> {
        ScanResult<T> from(byte[] cursor, ScanParams step);
    }

    private interface Arguments<T> {
        void add(T element, List<byte[]> arguments);
    }

    ValueCopy(Jedis source, GuardedWriter target) {
        this(source, target, LargeKeys.ALONE);
    }

    ValueCopy(Jedis source, GuardedWriter target, LargeKeys around) {
        this.source = source;
        this.target = target;
        this.around = around;
    }

    /**
     * Replaces the key on the target.
     *
     * @param bytes              about how large it is, for the size of a page
     * @param expiresAtMilliseconds as {@link KeyState#expiresAtMilliseconds}
     */
    void copy(RedisKey key, long bytes, long expiresAtMilliseconds) throws Refusal, IOException {
        target.remove(key);
        target.flush();
        try {
            copy(key, bytes);
        } catch (JedisDataException e) {
            if (!isGone(e)) {
                throw e;
            }
        }
        if (expiresAtMilliseconds != KeyState.NEVER) {
            target.write(Command.PEXPIREAT, key, List.of(ascii(expiresAtMilliseconds)));
        }
        target.flush();
    }

    /** Became another type, or went, between two pages: its change is told, and it is looked at again. */
    static boolean isGone(JedisDataException e) {
        var said = String.valueOf(e.getMessage());
        return said.startsWith("WRONGTYPE") || said.startsWith("NOGROUP") || said.contains("no such key");
    }

    private void copy(RedisKey key, long bytes) throws Refusal, IOException {
        var name = key.bytes();
        switch (source.type(name)) {
            case "string" -> string(key);
            case "list" -> list(key, bytes);
            case "set" -> pages(key, Command.SADD, page(bytes, source.scard(name)), (cursor, step) -> source.sscan(name, cursor, step),
                    (member, to) -> to.add(member));
            case "hash" -> pages(key, Command.HSET, page(bytes, source.hlen(name)), (cursor, step) -> source.hscan(name, cursor, step), (entry, to) -> {
                to.add(entry.getKey());
                to.add(entry.getValue());
            });
            case "zset" -> pages(key, Command.ZADD, page(bytes, source.zcard(name)), (cursor, step) -> source.zscan(name, cursor, step), (member, to) -> {
                to.add(Protocol.toByteArray(member.getScore()));
                to.add(member.getBinaryElement());
            });
            case "stream" -> new StreamCopy(source, target, key).copy(page(bytes, source.xlen(name)));
            case "none" -> target.remove(key);
            default -> throw new Refusal("Redis key " + key + " is of a module's type, which cannot be moved; Mastodon uses none. Delete it if nothing needs it.");
        }
    }

    private void string(RedisKey key) throws Refusal, IOException {
        var length = source.strlen(key.bytes());
        target.write(Command.SET, key, List.of(new byte[0]));
        for (long at = 0; at < length; at += PAGE_BYTES) {
            target.write(Command.APPEND, key, List.of(source.getrange(key.bytes(), at, at + PAGE_BYTES - 1)));
            endPage();
        }
    }

    private void list(RedisKey key, long bytes) throws Refusal, IOException {
        var length = source.llen(key.bytes());
        var page = page(bytes, length);
        for (long at = 0; at < length; at += page) {
            var elements = source.lrange(key.bytes(), at, at + page - 1);
            if (!elements.isEmpty()) {
                target.write(Command.RPUSH, key, elements);
                endPage();
            }
        }
    }

    private <T> void pages(RedisKey key, Command command, int page, Page<T> pages, Arguments<T> arguments) throws Refusal, IOException {
        var step = new ScanParams().count(page);
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        for (var more = true; more;) {
            var found = pages.from(cursor, step);
            var list = new ArrayList<byte[]>();
            found.getResult().forEach(element -> arguments.add(element, list));
            if (!list.isEmpty()) {
                target.write(command, key, list);
                endPage();
            }
            cursor = found.getCursorAsBytes();
            more = !found.isCompleteIteration();
        }
    }

    private void endPage() throws Refusal, IOException {
        target.flush();
        around.between();
    }

    /** So many elements that they take about a mebibyte. */
    static int page(long bytes, long elements) {
        return (int) Math.clamp(elements * PAGE_BYTES / Math.max(1, bytes), 1, MAX_PAGE);
    }

    static byte[] ascii(Object text) {
        return String.valueOf(text).getBytes(StandardCharsets.US_ASCII);
    }
}
