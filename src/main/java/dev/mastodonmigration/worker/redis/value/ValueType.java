package dev.mastodonmigration.worker.redis.value;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;

/** The types whose values are read and written by commands, whatever version wrote their payload: with which commands, and which of two answers say the same. */
enum ValueType {
    STRING(List.of(0), Command.STRLEN, Command.GETRANGE, Command.APPEND, Command.GET),
    LIST(List.of(1, 10, 14, 18), Command.LLEN, Command.LRANGE, Command.RPUSH, Command.LRANGE, "0", "-1"),
    SET(List.of(2, 11, 20), Command.SCARD, Command.SSCAN, Command.SADD, Command.SMEMBERS),
    /** Without those whose fields expire, which have type bytes of their own. */
    HASH(List.of(4, 9, 13, 16), Command.HLEN, Command.HSCAN, Command.HSET, Command.HGETALL),
    ZSET(List.of(3, 5, 12, 17), Command.ZCARD, Command.ZSCAN, Command.ZADD, Command.ZRANGE, "0", "-1", "WITHSCORES");

    private static final byte[] HYPERLOGLOG = {'H', 'Y', 'L', 'L'};

    /** What a DUMP of it may begin with (redis/src/rdb.h, RDB_TYPE_*). */
    private final List<Integer> typeBytes;
    final Command size;
    /** By range where it has an order, else by cursor. */
    final Command page;
    final Command write;
    private final Command whole;
    private final List<byte[]> arguments;

    ValueType(List<Integer> typeBytes, Command size, Command page, Command write, Command whole, String... arguments) {
        this.typeBytes = typeBytes;
        this.size = size;
        this.page = page;
        this.write = write;
        this.whole = whole;
        this.arguments = Stream.of(arguments).map(ValueType::ascii).toList();
    }

    /** Empty for a stream, the type of a module, and no key at all. */
    static Optional<ValueType> of(Jedis jedis, byte[] key) {
        var name = jedis.type(key);
        return Stream.of(values()).filter(type -> type.name().equalsIgnoreCase(name)).findFirst();
    }

    /** Where both payloads are of one type that has nothing beside what its command answers. */
    static Optional<ValueType> ofBoth(KeyState one, KeyState other) {
        return Stream.of(values()).filter(type -> type.typeBytes.contains((int) one.payload()[0]) && type.typeBytes.contains((int) other.payload()[0])).findFirst();
    }

    boolean hasOrder() {
        return this == STRING || this == LIST;
    }

    /** Asks for all of it at once. */
    CommandArguments read(byte[] key) {
        return new CommandArguments(whole).key(key).addObjects(arguments);
    }

    /**
     * What has to be equal when two are the same: hashtables have no order, and versions print scores differently.
     *
     * @param elements as {@link #read} or {@link ValuePages} answers them
     */
    Object content(List<byte[]> elements) {
        return switch (this) {
            case STRING, LIST -> elements.stream().map(element -> ByteBuffer.wrap(this == STRING ? withoutCache(element) : element)).toList();
            case SET -> new HashSet<>(elements.stream().map(ByteBuffer::wrap).toList());
            case HASH -> pairs(elements, ByteBuffer::wrap);
            case ZSET -> pairs(elements, BuilderFactory.DOUBLE::build);
        };
    }

    private static <T> Map<ByteBuffer, T> pairs(List<byte[]> elements, Function<byte[], T> second) {
        var pairs = new HashMap<ByteBuffer, T>();
        for (int i = 0; i < elements.size(); i += 2) {
            pairs.put(ByteBuffer.wrap(elements.get(i)), second.apply(elements.get(i + 1)));
        }
        return pairs;
    }

    /** PFCOUNT writes: it caches its result inside the HyperLogLog (bytes 8 to 15, redis/src/hyperloglog.c), which is not part of the value. */
    private static byte[] withoutCache(byte[] beginning) {
        if (beginning.length >= 16 && Arrays.equals(beginning, 0, HYPERLOGLOG.length, HYPERLOGLOG, 0, HYPERLOGLOG.length)) {
            Arrays.fill(beginning, 8, 16, (byte) 0);
        }
        return beginning;
    }

    static byte[] ascii(Object text) {
        return String.valueOf(text).getBytes(StandardCharsets.US_ASCII);
    }
}
