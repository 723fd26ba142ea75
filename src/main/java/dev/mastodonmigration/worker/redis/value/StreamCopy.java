package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.commands.ProtocolCommand;

/** Copies a stream by commands: entries under their ids, last id, groups, consumers, and what is pending with its times. */
final class StreamCopy {
    /** Jedis 7 does not list it. */
    private static final ProtocolCommand XSETID = () -> ascii("XSETID");
    private static final int PENDING = 500;

    private final Jedis source;
    private final GuardedWriter target;
    private final RedisKey key;

    StreamCopy(Jedis source, GuardedWriter target, RedisKey key) {
        this.source = source;
        this.target = target;
        this.key = key;
    }

    void copy(int page) throws Refusal, IOException {
        var info = fields(ask("XINFO", "STREAM"));
        var last = (byte[]) info.get("last-generated-id");
        if (entries(last, page) == 0) {
            // A stream whose entries were all deleted still is one.
            target.write(Command.XADD, key, List.of(text(last).equals("0-0") ? ascii("0-1") : last, ascii("f"), ascii("v")));
            target.write(Command.XTRIM, key, List.of(ascii("MAXLEN"), ascii("0")));
        }
        var id = new ArrayList<>(List.of(last));
        if (info.containsKey("entries-added")) {
            id.addAll(List.of(ascii("ENTRIESADDED"), ascii(info.get("entries-added")), ascii("MAXDELETEDID"), (byte[]) info.get("max-deleted-entry-id")));
        }
        target.write(XSETID, key, id);
        target.flush();
        for (var group : (List<?>) ask("XINFO", "GROUPS")) {
            group(fields(group));
        }
    }

    /** Those up to the last one that the stream had before: how many. */
    private long entries(byte[] last, int page) throws Refusal, IOException {
        var from = ascii("-");
        var copied = 0L;
        for (var more = true; more;) {
            var found = (List<?>) source.sendCommand(Command.XRANGE, key.bytes(), from, last, ascii("COUNT"), ascii(page));
            for (var entry : found) {
                var arguments = new ArrayList<byte[]>();
                arguments.add((byte[]) ((List<?>) entry).getFirst());
                ((List<?>) ((List<?>) entry).get(1)).forEach(field -> arguments.add((byte[]) field));
                target.write(Command.XADD, key, arguments);
            }
            target.flush();
            copied += found.size();
            more = found.size() == page;
            from = more ? ascii("(" + text(((List<?>) found.getLast()).getFirst())) : from;
        }
        return copied;
    }

    /**
     * Whether entries are pending that the stream no longer has: XCLAIM would leave them out (redis/src/t_stream.c, since 7.0).
     *
     * @param bytes about how large the stream is, for the size of a page
     */
    boolean pendsWithoutEntry(long bytes) {
        var page = ValueCopy.page(bytes, source.xlen(key.bytes()));
        for (var group : (List<?>) ask("XINFO", "GROUPS")) {
            var name = (byte[]) fields(group).get("name");
            var from = ascii("-");
            for (var more = true; more;) {
                var found = pending(name, from, page);
                var trip = new RoundTrip(source);
                found.forEach(one -> trip.send(new CommandArguments(Command.XRANGE).key(key.bytes()).add(id(one)).add(id(one))));
                if (trip.answers().stream().anyMatch(entries -> ((List<?>) RoundTrip.orThrow(entries)).isEmpty())) {
                    return true;
                }
                more = found.size() == page;
                from = more ? ascii("(" + text(id(found.getLast()))) : from;
            }
        }
        return false;
    }

    private static byte[] id(Object pending) {
        return (byte[]) ((List<?>) pending).getFirst();
    }

    private List<?> pending(byte[] group, byte[] from, int page) {
        return (List<?>) source.sendCommand(Command.XPENDING, key.bytes(), group, from, ascii("+"), ascii(page));
    }

    private void group(Map<String, Object> group) throws Refusal, IOException {
        var name = (byte[]) group.get("name");
        var create = new ArrayList<>(List.of(name, (byte[]) group.get("last-delivered-id")));
        if (group.get("entries-read") != null) {
            create.addAll(List.of(ascii("ENTRIESREAD"), ascii(group.get("entries-read"))));
        }
        target.write(Command.XGROUP, "CREATE", key, create);
        for (var consumer : (List<?>) source.sendCommand(Command.XINFO, ascii("CONSUMERS"), key.bytes(), name)) {
            target.write(Command.XGROUP, "CREATECONSUMER", key, List.of(name, (byte[]) fields(consumer).get("name")));
        }
        target.flush();
        pending(name);
    }

    private void pending(byte[] group) throws Refusal, IOException {
        var from = ascii("-");
        for (var more = true; more;) {
            var now = Long.parseLong(source.time().getFirst()) * 1000;
            var found = pending(group, from, PENDING);
            for (var one : found) {
                var fields = (List<?>) one;
                target.write(Command.XCLAIM, key, List.of(group, (byte[]) fields.get(1), ascii("0"), (byte[]) fields.get(0), ascii("TIME"), ascii(now - (Long) fields.get(2)),
                        ascii("RETRYCOUNT"), ascii(fields.get(3)), ascii("FORCE"), ascii("JUSTID")));
            }
            target.flush();
            more = found.size() == PENDING;
            from = more ? ascii("(" + text(id(found.getLast()))) : from;
        }
    }

    private Object ask(String command, String what) {
        return source.sendCommand(Command.valueOf(command), ascii(what), key.bytes());
    }

    private static Map<String, Object> fields(Object reply) {
        var fields = new TreeMap<String, Object>();
        var list = (List<?>) reply;
        for (int i = 0; i + 1 < list.size(); i += 2) {
            fields.put(text(list.get(i)), list.get(i + 1));
        }
        return fields;
    }

    private static String text(Object bytes) {
        return new String((byte[]) bytes, StandardCharsets.UTF_8);
    }

    private static byte[] ascii(Object text) {
        return ValueCopy.ascii(text);
    }
}
