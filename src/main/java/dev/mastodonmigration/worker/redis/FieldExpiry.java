package dev.mastodonmigration.worker.redis;

import java.util.Collections;
import java.util.List;
import java.util.Map.Entry;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;

/** When the fields of a hash expire, which Redis 7.4 and Valkey 9 let them; where a server knows of no such thing, none does. */
final class FieldExpiry {
    private static final long NEVER = -1;

    private final Jedis jedis;
    private final boolean known;

    private FieldExpiry(Jedis jedis, boolean known) {
        this.jedis = jedis;
        this.known = known;
    }

    /** @throws JedisDataException when the server knows but refuses to tell */
    static FieldExpiry of(Jedis jedis) {
        try {
            jedis.hpexpireTime(Marker.KEY.bytes(), new byte[] {'f'});
        } catch (JedisDataException e) {
            var said = String.valueOf(e.getMessage());
            if (said.contains("unknown command")) {
                return new FieldExpiry(jedis, false);
            }
            if (!said.startsWith("WRONGTYPE")) {
                throw e;
            }
        }
        return new FieldExpiry(jedis, true);
    }

    /** Unix time in milliseconds for each of the fields, {@value #NEVER} for one that does not expire. */
    List<Long> of(byte[] hash, Stream<byte[]> fields) {
        var names = fields.toArray(byte[][]::new);
        return known ? jedis.hpexpireTime(hash, names) : Collections.nCopies(names.length, NEVER);
    }

    /** @param bytes about how large the hash is, for the size of a page */
    boolean isOfAny(byte[] hash, long bytes) {
        var step = new ScanParams().count(ValueCopy.page(bytes, jedis.hlen(hash)));
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        for (var more = known; more;) {
            var fields = jedis.hscan(hash, cursor, step);
            if (!fields.getResult().isEmpty() && of(hash, fields.getResult().stream().map(Entry::getKey)).stream().anyMatch(expiry -> expiry >= 0)) {
                return true;
            }
            cursor = fields.getCursorAsBytes();
            more = !fields.isCompleteIteration();
        }
        return false;
    }
}
