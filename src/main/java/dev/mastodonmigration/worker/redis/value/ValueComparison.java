package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Whether two values are the same although their DUMPs differ, as all small sets' do between Redis 7.0 and 7.2: small ones as a whole, many in one round trip to
 * each side; a large one in pages.
 */
final class ValueComparison {
    /** Both sides' states of one key. */
    record Pair(RedisKey key, KeyState ours, KeyState theirs) {}

    private record Asked(RedisKey key, ValueType type) {}

    private final KeyReader source;
    private final KeyReader target;
    private final LargeKeys around;
    private final Consumer<RedisKey> streams;

    /**
     * @param around  asked between the pages of a large value, which is others' turn
     * @param streams      told each stream
     */
    ValueComparison(KeyReader source, KeyReader target, LargeKeys around, Consumer<RedisKey> streams) {
        this.source = source;
        this.target = target;
        this.around = around;
        this.streams = streams;
    }

    /**
     * Of these keys, those of which it could be told, and whether they hold the same. The others have to be looked at one by one: their types differ, are told by
     * more than one command, or have changed meanwhile; or the command is not allowed.
     */
    Map<RedisKey, Boolean> same(List<Pair> pairs) {
        var asked = pairs.stream().flatMap(pair -> ValueType.ofBoth(pair.ours(), pair.theirs()).map(type -> new Asked(pair.key(), type)).stream()).toList();
        if (asked.isEmpty()) {
            return Map.of();
        }
        var ofSource = ask(source, asked);
        var ofTarget = ask(target, asked);
        var ours = ofSource.answers();
        var theirs = ofTarget.answers();
        var same = new HashMap<RedisKey, Boolean>();
        for (int i = 0; i < asked.size(); i++) {
            if (isValue(ours.get(i)) && isValue(theirs.get(i))) {
                var type = asked.get(i).type();
                same.put(asked.get(i).key(), type.content(ValuePages.elements(ours.get(i))).equals(type.content(ValuePages.elements(theirs.get(i)))));
            }
        }
        return same;
    }

    private static RoundTrip ask(KeyReader side, List<Asked> keys) {
        var trip = new RoundTrip(side.jedis());
        keys.forEach(asked -> trip.send(asked.type().read(side.name(asked.key()))));
        trip.depart();
        return trip;
    }

    private static boolean isValue(Object answer) {
        return answer instanceof byte[] || answer instanceof List<?>;
    }

    /** @param bytes about how large the value is, for the size of a page */
    boolean same(RedisKey key, long bytes) throws Refusal, IOException {
        try {
            var type = ValueType.of(source.jedis(), source.name(key));
            return type.isEmpty() ? samePayload(key) : type.equals(ValueType.of(target.jedis(), target.name(key))) && sameInPages(type.get(), key, bytes);
        } catch (JedisDataException e) {
            // While it is compared, a key in use may become one of another type, or go.
            if (ValuePages.isGone(e)) {
                return false;
            }
            throw e;
        }
    }

    /** Mastodon has no such key. A stream that the target writes otherwise was refused when it was copied. */
    private boolean samePayload(RedisKey key) {
        streams.accept(key);
        var one = source.jedis().dump(source.name(key));
        var other = target.jedis().dump(target.name(key));
        return one != null && other != null && new KeyState(one, KeyState.NEVER).sameBytes(new KeyState(other, KeyState.NEVER));
    }

    private boolean sameInPages(ValueType type, RedisKey key, long bytes) throws Refusal, IOException {
        var ours = ValuePages.of(source.jedis(), source.name(key), type, bytes);
        var theirs = ours.on(target.jedis(), target.name(key));
        if (ours.size() != theirs.size()) {
            return false;
        }
        // Where there is no order: equal counts, and everything of the source also on the target. A page may repeat members; that does no harm.
        for (var page = ours.next(); page.isPresent(); page = ours.next()) {
            if (!(type.hasOrder() ? theirs.next().map(type::content).equals(page.map(type::content)) : isOnTarget(type, key, page.get()))) {
                return false;
            }
            around.between();
        }
        // A list that got shorter meanwhile ends too early.
        return !type.hasOrder() || theirs.next().isEmpty();
    }

    private boolean isOnTarget(ValueType type, RedisKey key, List<byte[]> page) {
        var name = target.name(key);
        return switch (type) {
            case SET -> !target.jedis().smismember(name, page.toArray(byte[][]::new)).contains(false);
            case ZSET -> target.jedis().zmscore(name, everySecond(page, 0)).equals(Stream.of(everySecond(page, 1)).map(BuilderFactory.DOUBLE::build).toList());
            default -> areFields(key, everySecond(page, 0), everySecond(page, 1));
        };
    }

    private boolean areFields(RedisKey hash, byte[][] fields, byte[][] values) {
        return Arrays.deepEquals(values, target.jedis().hmget(target.name(hash), fields).toArray()) && source.fieldExpiries(source.name(hash), fields).equals(target.fieldExpiries(target.name(hash), fields));
    }

    static byte[][] everySecond(List<byte[]> page, int from) {
        return IntStream.iterate(from, i -> i < page.size(), i -> i + 2).mapToObj(page::get).toArray(byte[][]::new);
    }
}
