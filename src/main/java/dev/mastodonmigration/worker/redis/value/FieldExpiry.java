package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.redis.wire.OurKeys;
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

    private enum Known {
        YES, NO,
        /** The server will not tell us. */
        UNTOLD
    }

    private final Jedis jedis;
    private final Known known;

    private FieldExpiry(Jedis jedis, Known known) {
        this.jedis = jedis;
        this.known = known;
    }

    static FieldExpiry of(Jedis jedis) {
        try {
            jedis.hpexpireTime(OurKeys.PROBE.bytes(), new byte[] {'f'});
            return new FieldExpiry(jedis, Known.YES);
        } catch (JedisDataException e) {
            return new FieldExpiry(jedis, String.valueOf(e.getMessage()).contains("unknown command") ? Known.NO : Known.UNTOLD);
        }
    }

    /** Unix time in milliseconds for each of the fields, {@value #NEVER} for one that does not expire. */
    List<Long> of(byte[] hash, Stream<byte[]> fields) {
        var names = fields.toArray(byte[][]::new);
        return known == Known.YES ? jedis.hpexpireTime(hash, names) : Collections.nCopies(names.length, NEVER);
    }

    /**
     * Whether any field expires, or may, as far as we are told.
     *
     * @param bytes about how large the hash is, for the size of a page
     */
    boolean isOfAny(byte[] hash, long bytes) {
        if (known != Known.YES) {
            return known == Known.UNTOLD;
        }
        var step = new ScanParams().count(ValueCopy.page(bytes, jedis.hlen(hash)));
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        for (var more = true; more;) {
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
