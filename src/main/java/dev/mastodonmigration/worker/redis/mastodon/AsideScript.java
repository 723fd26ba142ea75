package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Moves jobs between their own names and those aside. Each is one step, so that neither a worker that is killed nor a job that is pushed meanwhile comes in between, and
 * each carries its worker's epoch, so that one which slept changes nothing any more.
 */
final class AsideScript {
    private static final String EPOCHS_LIFETIME_SECONDS = String.valueOf(Duration.ofDays(7).toSeconds());
    private static final long REPLACED = -1;

    /**
     * Jobs are pushed at the head of a queue and taken from its tail. The first write is one that a full Redis takes: after it, it refuses none of the same script
     * (redis/src/script.c, scriptVerifyOOM), and giving names needs no memory.
     */
    private static final String COMMON = """
            local function raised()
              if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') > tonumber(ARGV[2]) then return false end
              redis.call('EXPIRE', KEYS[1], ARGV[3])
              redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
              redis.call('EXPIRE', KEYS[1], ARGV[3])
              return true
            end
            local function join(newer, older)
              local kind = redis.call('TYPE', newer).ok
              if kind ~= redis.call('TYPE', older).ok then return false end
              if kind == 'list' then
                while redis.call('RPOPLPUSH', newer, older) do end
              elseif kind == 'zset' then
                redis.call('ZUNIONSTORE', older, 2, newer, older, 'AGGREGATE', 'MIN')
                redis.call('DEL', newer)
              elseif kind == 'set' then
                redis.call('SUNIONSTORE', older, newer, older)
                redis.call('DEL', newer)
              else
                return false
              end
              return true
            end
            if not raised() then return -1 end
            local moved = 0
            """;
    static final AsideScript SET_ASIDE = new AsideScript("""
            for i = 3, #KEYS, 2 do
              local kind = redis.call('TYPE', KEYS[i]).ok
              if kind ~= 'none' then
                redis.call('SADD', KEYS[2], KEYS[i])
                if redis.call('RENAMENX', KEYS[i], KEYS[i + 1]) == 1 or join(KEYS[i], KEYS[i + 1]) then moved = moved + 1 end
              end
            end
            return moved
            """);
    static final AsideScript PUT_BACK = new AsideScript("""
            for i = 3, #KEYS, 2 do
              if redis.call('EXISTS', KEYS[i + 1]) == 1 then
                if redis.call('EXISTS', KEYS[i]) == 1 then join(KEYS[i], KEYS[i + 1]) end
                if redis.call('RENAMENX', KEYS[i + 1], KEYS[i]) == 1 then
                  redis.call('SREM', KEYS[2], KEYS[i])
                  moved = moved + 1
                end
              else
                redis.call('SREM', KEYS[2], KEYS[i])
              end
            end
            return moved
            """);
    /** Raises the epoch, and changes nothing else. */
    static final AsideScript RAISE = new AsideScript("return moved");

    private final byte[] text;

    private AsideScript(String text) {
        this.text = (COMMON + text).getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * @param name what this Redis is, for messages
     * @throws Refusal when a newer worker was here
     */
    void run(Jedis source, WorkerContext context, String name, Collection<RedisKey> keys) throws Refusal {
        var names = new ArrayList<byte[]>(List.of(JobsAside.EPOCHS.bytes(), JobsAside.NAMES.bytes()));
        for (var key : Set.copyOf(keys)) {
            names.add(key.bytes());
            names.add(JobsAside.of(key).bytes());
        }
        var arguments = List.of(context.migrationUid(), String.valueOf(context.epoch()), EPOCHS_LIFETIME_SECONDS).stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
        if (Long.valueOf(REPLACED).equals(source.eval(text, names, arguments))) {
            throw new Refusal("A newer worker than this one of epoch " + context.epoch() + " has decided about the jobs on the " + name + ", so this one leaves them as they are.");
        }
    }

    /** @throws IOException when what this Redis said of a script may pass; one may be full for good: it is why some migrate */
    static void demandLasting(JedisDataException said, String name) throws IOException {
        if (Gap.mayPass(said) && !Gap.isFull(said)) {
            throw new IOException("the " + name + " is not ready (" + Redaction.of(said) + ")", said);
        }
    }
}
