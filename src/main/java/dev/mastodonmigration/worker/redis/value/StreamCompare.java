package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.redis.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;

/** Streams by entries, last id, consumer groups and what is pending in them; idle times are not part of a value. */
final class StreamCompare {
    private static final int PENDING = 500;
    private static final List<String> STREAM_FIELDS = List.of("length", "last-generated-id", "max-deleted-entry-id", "entries-added", "groups");
    private static final List<String> GROUP_FIELDS = List.of("name", "consumers", "pending", "last-delivered-id", "entries-read");

    private final Jedis source;
    private final Jedis target;

    StreamCompare(Jedis source, Jedis target) {
        this.source = source;
        this.target = target;
    }

    /** @param bytes about how large the stream is, for the size of a page */
    boolean same(byte[] name, long bytes) {
        var groups = groups(source, name);
        var page = ValueCopy.page(bytes, source.xlen(name));
        return sameFields(fields(info(source, "STREAM", name)), fields(info(target, "STREAM", name)), STREAM_FIELDS)
                && sameGroups(groups, groups(target, name))
                && samePages(page, (jedis, from) -> jedis.sendCommand(Command.XRANGE, name, from, bytes("+"), bytes("COUNT"), bytes("" + page)), 0)
                && groups.values().stream().map(group -> (byte[]) group.get("name")).allMatch(group -> samePending(name, group));
    }

    private static boolean sameGroups(Map<String, Map<String, Object>> one, Map<String, Map<String, Object>> other) {
        return one.keySet().equals(other.keySet())
                && one.entrySet().stream().allMatch(group -> sameFields(group.getValue(), other.get(group.getKey()), GROUP_FIELDS));
    }

    private boolean samePending(byte[] name, byte[] group) {
        return samePages(PENDING, (jedis, from) -> jedis.sendCommand(Command.XPENDING, name, group, from, bytes("+"), bytes("" + PENDING)), 2);
    }

    private interface Page {
        Object read(Jedis jedis, byte[] from);
    }

    /** Compares page by page; the field at {@code ignored} of each entry is an idle time (0 means none is). */
    private boolean samePages(int size, Page page, int ignored) {
        var from = bytes("-");
        while (true) {
            var one = (List<?>) page.read(source, from);
            var other = (List<?>) page.read(target, from);
            if (!Bytes.equal(without(one, ignored), without(other, ignored))) {
                return false;
            }
            if (one.size() < size) {
                return true;
            }
            from = bytes("(" + new String((byte[]) ((List<?>) one.getLast()).getFirst(), StandardCharsets.UTF_8));
        }
    }

    private static List<?> without(List<?> entries, int ignored) {
        return ignored == 0 ? entries : entries.stream().map(entry -> {
            var fields = new java.util.ArrayList<Object>((List<?>) entry);
            fields.remove(ignored);
            return fields;
        }).toList();
    }

    private static Object info(Jedis jedis, String what, byte[] name) {
        return jedis.sendCommand(Command.XINFO, bytes(what), name);
    }

    private static Map<String, Map<String, Object>> groups(Jedis jedis, byte[] name) {
        var groups = new TreeMap<String, Map<String, Object>>();
        for (var group : (List<?>) info(jedis, "GROUPS", name)) {
            var fields = fields(group);
            groups.put(new String((byte[]) fields.get("name"), StandardCharsets.ISO_8859_1), fields);
        }
        return groups;
    }

    private static Map<String, Object> fields(Object reply) {
        var fields = new TreeMap<String, Object>();
        var list = (List<?>) reply;
        for (int i = 0; i + 1 < list.size(); i += 2) {
            fields.put(new String((byte[]) list.get(i), StandardCharsets.UTF_8), list.get(i + 1));
        }
        return fields;
    }

    /** A field that one of the two servers is too old to tell is not compared. */
    private static boolean sameFields(Map<String, Object> one, Map<String, Object> other, List<String> names) {
        return names.stream().filter(name -> one.containsKey(name) && other.containsKey(name)).allMatch(name -> Bytes.equal(one.get(name), other.get(name)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
