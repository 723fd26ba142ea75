package dev.mastodonmigration.worker.redis;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/**
 * Walks all keys of one side, cut into batches small enough to hold in memory. SCAN may show a key twice and never misses one that
 * stays; the sizes of one step's keys travel with the next step, so a step is one round trip.
 */
final class KeyScan {
    /** Keys to be handled in one go, and about how many bytes their values take. */
    record Batch(List<RedisKey> keys, long bytes) {
        /** One key too large to be held twice without need. */
        boolean isLarge() {
            return keys.size() == 1 && bytes > MAX_BATCH_BYTES;
        }
    }

    static final long MAX_BATCH_BYTES = 2 << 20;
    private static final int MAX_BATCH_KEYS = 1000;
    private static final ScanParams STEP = new ScanParams().count(1000);
    /** Assumed where MEMORY USAGE is not allowed: keeps batches at 128 keys. */
    private static final long UNKNOWN_BYTES = MAX_BATCH_BYTES / 128;

    private final Jedis jedis;
    private final ArrayDeque<Batch> ready = new ArrayDeque<>();
    private List<RedisKey> unsized = List.of();
    private byte[] cursor = ScanParams.SCAN_POINTER_START_BINARY;
    private boolean scanned;

    KeyScan(Jedis jedis) {
        this.jedis = jedis;
    }

    /** The next batch; empty at the end. */
    Optional<Batch> next() {
        while (ready.isEmpty() && !(scanned && unsized.isEmpty())) {
            step();
        }
        return Optional.ofNullable(ready.poll());
    }

    private void step() {
        try (var pipeline = jedis.pipelined()) {
            var sizes = unsized.stream().map(key -> pipeline.memoryUsage(key.bytes())).toList();
            Optional<Response<ScanResult<byte[]>>> step = scanned ? Optional.empty() : Optional.of(pipeline.scan(cursor, STEP));
            pipeline.sync();
            ready.addAll(cut(unsized, sizes));
            unsized = List.of();
            if (step.isPresent()) {
                var found = step.get().get();
                cursor = found.getCursorAsBytes();
                scanned = found.isCompleteIteration();
                unsized = found.getResult().stream().map(RedisKey::of).toList();
            }
        }
    }

    /** The same keys in batches small enough to hold in memory; one round trip. */
    static List<Batch> cut(Jedis jedis, List<RedisKey> keys) {
        try (var pipeline = jedis.pipelined()) {
            var sizes = keys.stream().map(key -> pipeline.memoryUsage(key.bytes())).toList();
            pipeline.sync();
            return cut(keys, sizes);
        }
    }

    private static List<Batch> cut(List<RedisKey> keys, List<Response<Long>> sizes) {
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

    private static long size(Response<Long> answer) {
        try {
            var bytes = answer.get();
            return bytes == null ? 0 : bytes;
        } catch (JedisDataException notAllowed) {
            return UNKNOWN_BYTES;
        }
    }
}
