package dev.mastodonmigration.worker.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;

/**
 * Whether small values are the same although their DUMPs differ, as all small sets do between Redis 7.0 and 7.2: many keys in one round trip to each side, where
 * {@link CanonicalCompare} takes several for one key, and a large value in pages.
 */
final class SmallValues {
    /** Both sides' payloads of one key, of which the first byte tells the type. */
    record Pair(RedisKey key, KeyState ours, KeyState theirs) {}

    /** By the type bytes of a DUMP (redis/src/rdb.h, RDB_TYPE_*), of values that have nothing beside what their command answers: hashes whose fields expire have others. */
    private enum Kind {
        STRING(List.of(0), Command.GET),
        LIST(List.of(1, 10, 14, 18), Command.LRANGE, "0", "-1"),
        SET(List.of(2, 11, 20), Command.SMEMBERS),
        SORTED_SET(List.of(3, 5, 12, 17), Command.ZRANGE, "0", "-1", "WITHSCORES"),
        HASH(List.of(4, 9, 13, 16), Command.HGETALL);

        private final List<Integer> types;
        private final Command command;
        private final List<byte[]> arguments;

        Kind(List<Integer> types, Command command, String... arguments) {
            this.types = types;
            this.command = command;
            this.arguments = Stream.of(arguments).map(argument -> argument.getBytes(StandardCharsets.US_ASCII)).toList();
        }

        /** Empty where the two are not of one kind, or of one that only its payload or {@link CanonicalCompare} tells. */
        static Optional<Kind> of(Pair pair) {
            return Stream.of(values()).filter(kind -> kind.types.contains((int) pair.ours().payload()[0]) && kind.types.contains((int) pair.theirs().payload()[0])).findFirst();
        }
    }

    private record Asked(RedisKey key, Kind kind) {}

    private final Jedis source;
    private final Jedis target;

    SmallValues(Jedis source, Jedis target) {
        this.source = source;
        this.target = target;
    }

    /** Of these keys, those of which it could be told, and whether they hold the same. What is missing here has to be looked at one by one. */
    Map<RedisKey, Boolean> same(List<Pair> pairs) {
        var asked = pairs.stream().flatMap(pair -> Kind.of(pair).map(kind -> new Asked(pair.key(), kind)).stream()).toList();
        if (asked.isEmpty()) {
            return Map.of();
        }
        var ofSource = ask(source, asked);
        var ofTarget = ask(target, asked);
        var ours = ofSource.answers();
        var theirs = ofTarget.answers();
        var same = new HashMap<RedisKey, Boolean>();
        for (int i = 0; i < asked.size(); i++) {
            var kind = asked.get(i).kind();
            if (isTold(kind, ours.get(i)) && isTold(kind, theirs.get(i))) {
                same.put(asked.get(i).key(), same(kind, ours.get(i), theirs.get(i)));
            }
        }
        return same;
    }

    private static RoundTrip ask(Jedis jedis, List<Asked> keys) {
        var trip = new RoundTrip(jedis);
        keys.forEach(asked -> trip.send(new CommandArguments(asked.kind().command).key(asked.key().bytes()).addObjects(asked.kind().arguments)));
        trip.depart();
        return trip;
    }

    /** Not of a key that has become another type or has gone meanwhile, nor where the command is not allowed. */
    private static boolean isTold(Kind kind, Object answer) {
        return kind == Kind.STRING ? answer instanceof byte[] : answer instanceof List<?>;
    }

    private static boolean same(Kind kind, Object ours, Object theirs) {
        return switch (kind) {
            case STRING -> Arrays.equals(CanonicalCompare.withoutCache((byte[]) ours), CanonicalCompare.withoutCache((byte[]) theirs));
            case LIST -> Bytes.equal(elements(ours), elements(theirs));
            case SET -> members(elements(ours)).equals(members(elements(theirs)));
            case SORTED_SET -> pairs(elements(ours), SmallValues::score).equals(pairs(elements(theirs), SmallValues::score));
            case HASH -> pairs(elements(ours), ByteBuffer::wrap).equals(pairs(elements(theirs), ByteBuffer::wrap));
        };
    }

    private static List<byte[]> elements(Object answer) {
        var elements = new ArrayList<byte[]>();
        for (var element : (List<?>) answer) {
            elements.add((byte[]) element);
        }
        return elements;
    }

    private static Set<ByteBuffer> members(List<byte[]> elements) {
        var members = new HashSet<ByteBuffer>();
        elements.forEach(element -> members.add(ByteBuffer.wrap(element)));
        return members;
    }

    private static <T> Map<ByteBuffer, T> pairs(List<byte[]> elements, Function<byte[], T> second) {
        var pairs = new HashMap<ByteBuffer, T>();
        for (int i = 0; i < elements.size(); i += 2) {
            pairs.put(ByteBuffer.wrap(elements.get(i)), second.apply(elements.get(i + 1)));
        }
        return pairs;
    }

    /** Versions print scores differently. */
    private static Double score(byte[] text) {
        return BuilderFactory.DOUBLE.build(text);
    }
}
