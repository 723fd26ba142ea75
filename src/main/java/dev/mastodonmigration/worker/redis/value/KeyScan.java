package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.Protocol.Keyword;
import redis.clients.jedis.params.ScanParams;

/**
 * Walks the names of all keys of one side, and cuts keys into batches small enough to hold in memory. SCAN may show a key twice and never misses one that
 * stays.
 */
public final class KeyScan {
    /** Keys to be handled in one go, and about how many bytes their values take. */
    public record Batch(List<RedisKey> keys, long bytes) {
        /** One key too large to be held twice without need. */
        public boolean isLarge() {
            return keys.size() == 1 && bytes > MAX_BATCH_BYTES;
        }
    }

    public static final long MAX_BATCH_BYTES = 2 << 20;
    private static final int MAX_BATCH_KEYS = 1000;
    private static final int STEP_KEYS = 4000;
    /** Assumed where MEMORY USAGE is not allowed: keeps batches at 128 keys. */
    private static final long UNKNOWN_BYTES = MAX_BATCH_BYTES / 128;

    private final Jedis jedis;
    private final Predicate<RedisKey> shown;
    private byte[] cursor = ScanParams.SCAN_POINTER_START_BINARY;
    private boolean scanned;

    public KeyScan(Jedis jedis) {
        this(jedis, every -> true);
    }

    /** @param shown which keys to show */
    public KeyScan(Jedis jedis, Predicate<RedisKey> shown) {
        this.jedis = jedis;
        this.shown = shown;
    }

    /** The names of each step; the server is asked for one when it is wanted. */
    public Stream<List<RedisKey>> steps() {
        return Stream.iterate(nextNames(), Optional::isPresent, step -> nextNames()).map(Optional::get);
    }

    /** The names of the next step; empty at the end. */
    public Optional<List<RedisKey>> nextNames() {
        if (scanned) {
            return Optional.empty();
        }
        var found = jedis.scan(cursor, new ScanParams().count(STEP_KEYS));
        cursor = found.getCursorAsBytes();
        scanned = found.isCompleteIteration();
        return Optional.of(found.getResult().stream().map(RedisKey::of).filter(shown).toList());
    }

    public static void askSizes(RoundTrip trip, List<RedisKey> keys) {
        keys.forEach(key -> trip.send(new CommandArguments(Command.MEMORY).add(Keyword.USAGE).key(key.bytes())));
    }

    /** The same keys in batches small enough to hold in memory; one round trip. */
    public static List<Batch> cut(Jedis jedis, List<RedisKey> keys) {
        var trip = new RoundTrip(jedis);
        askSizes(trip, keys);
        return cut(keys, trip.answers());
    }

    /** As {@link #cut(Jedis, List)}, by the answers to {@link #askSizes}. */
    public static List<Batch> cut(List<RedisKey> keys, List<Object> sizes) {
        var ready = new ArrayList<Batch>();
        var batch = new ArrayList<RedisKey>();
        long bytes = 0;
        for (int i = 0; i < keys.size(); i++) {
            var size = size(sizes.get(i));
            if (!batch.isEmpty() && (bytes + size > MAX_BATCH_BYTES || batch.size() == MAX_BATCH_KEYS)) {
                ready.add(new Batch(List.copyOf(batch), bytes));
                batch.clear();
                bytes = 0;
            }
            batch.add(keys.get(i));
            bytes += size;
        }
        if (!batch.isEmpty()) {
            ready.add(new Batch(List.copyOf(batch), bytes));
        }
        return ready;
    }

    private static long size(Object answer) {
        return switch (answer) {
            case null -> 0;
            case Long bytes -> bytes;
            default -> UNKNOWN_BYTES;
        };
    }
}
