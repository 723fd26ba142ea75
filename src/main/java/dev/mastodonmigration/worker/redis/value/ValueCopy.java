package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Copies one key by the commands of its type, page by page: where the target can not read the payload, and where a value is too large to
 * be held at once. A key in use may change between the pages; it is then told as changed, and copied again.
 */
final class ValueCopy {
    private final Jedis source;
    private final GuardedWriter target;
    private final LargeKeys around;

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
            // Gone, or a stream by now, is nothing to copy: its change is told, and it is brought again.
            var type = ValueType.of(source, key.bytes());
            if (type.isPresent()) {
                copy(key, type.get(), bytes);
            }
        } catch (JedisDataException e) {
            if (!ValuePages.isGone(e)) {
                throw e;
            }
        }
        if (expiresAtMilliseconds != KeyState.NEVER) {
            target.write(Command.PEXPIREAT, key, List.of(ValueType.ascii(expiresAtMilliseconds)));
        }
        target.flush();
    }

    private void copy(RedisKey key, ValueType type, long bytes) throws Refusal, IOException {
        if (type == ValueType.STRING) {
            // An empty one has no page.
            target.write(Command.SET, key, List.of(new byte[0]));
        }
        var pages = ValuePages.of(source, key.bytes(), type, bytes);
        for (var page = pages.next(); page.isPresent(); page = pages.next()) {
            target.write(type.write, key, type == ValueType.ZSET ? scoresFirst(page.get()) : page.get());
            target.flush();
            around.between();
        }
    }

    private static List<byte[]> scoresFirst(List<byte[]> membersAndScores) {
        var turned = new ArrayList<>(membersAndScores);
        for (int i = 0; i < turned.size(); i += 2) {
            Collections.swap(turned, i, i + 1);
        }
        return turned;
    }
}
