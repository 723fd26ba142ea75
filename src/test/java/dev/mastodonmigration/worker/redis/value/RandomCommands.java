package dev.mastodonmigration.worker.redis.value;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.args.ListPosition;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.GetExParams;
import redis.clients.jedis.params.SortingParams;
import redis.clients.jedis.params.XPendingParams;
import redis.clients.jedis.params.XReadGroupParams;

/** Writes to a Redis whatever commands can write, in an order that a seed repeats; what a command thinks of a key's type does not matter. */
public final class RandomCommands {
    private static final int KEYS = 12;
    private static final int LARGE_BYTES = 3 << 20;
    private static final String LUA = """
            redis.call('SET', KEYS[1], ARGV[1]) redis.call('DEL', KEYS[2]) redis.call('LPUSH', KEYS[3], ARGV[1], ARGV[2]) redis.call('PEXPIRE', KEYS[3], 60000)
            """;

    private final Random random;
    private final String prefix;

    /** @param prefix of every key's name */
    public RandomCommands(long seed, String prefix) {
        this.random = new Random(seed);
        this.prefix = prefix;
    }

    public void one(Jedis jedis) {
        try {
            write(jedis);
        } catch (JedisDataException wrongTypeOrNoSuchKey) {
            jedis.incr(prefix + "string:refused");
        }
    }

    private void write(Jedis jedis) {
        switch (random.nextInt(44)) {
            case 0, 1 -> jedis.set(key("string"), text());
            case 2 -> jedis.append(key("string"), text());
            case 3 -> jedis.incrBy(prefix + "string:counter", random.nextInt());
            case 4 -> jedis.setrange(key("string"), random.nextInt(2000), text());
            case 5 -> jedis.getDel(key("string"));
            case 6 -> jedis.getEx(key("string"), GetExParams.getExParams().px(1 + random.nextInt(5000)));
            case 7 -> jedis.setbit(key("string"), random.nextInt(5000), true);
            case 8, 9, 10 -> jedis.lpush(key("list"), text(), text());
            case 11 -> jedis.rpush(key("list"), text());
            case 12, 13 -> jedis.rpop(key("list"), 1 + random.nextInt(3));
            case 14 -> jedis.lmove(key("list"), key("list"), ListDirection.RIGHT, ListDirection.LEFT);
            case 15 -> jedis.ltrim(key("list"), 0, random.nextInt(200));
            case 16 -> jedis.linsert(key("list"), ListPosition.AFTER, "1", text());
            case 17, 18 -> jedis.sadd(key("set"), text(), number());
            case 19 -> jedis.spop(key("set"), 1 + random.nextInt(3));
            case 20 -> jedis.sunionstore(key("set"), key("set"), key("set"));
            case 21 -> jedis.smove(key("set"), key("set"), number());
            case 22, 23 -> jedis.hset(key("hash"), Map.of(number(), text(), text(), number()));
            case 24 -> jedis.hdel(key("hash"), number());
            case 25 -> jedis.hincrByFloat(key("hash"), "float", random.nextDouble());
            case 26, 27 -> jedis.zadd(key("zset"), Map.of(number(), 113_456_789_012_345_678d + random.nextInt(1 << 30), text(), random.nextGaussian()));
            case 28 -> jedis.zincrby(key("zset"), random.nextGaussian(), number());
            case 29 -> jedis.zremrangeByRank(key("zset"), 0, random.nextInt(3));
            case 30 -> jedis.zunionstore(key("zset"), key("zset"), key("set"));
            case 31 -> jedis.xadd(key("stream"), StreamEntryID.NEW_ENTRY, Map.of("f", text()));
            case 32 -> stream(jedis);
            case 33 -> jedis.pfadd(key("hll"), text(), number());
            case 34 -> jedis.pfmerge(key("hll"), key("hll"), key("hll"));
            case 35 -> jedis.pexpire(anyKey(), 1 + random.nextInt(3000));
            case 36 -> jedis.persist(anyKey());
            case 37 -> jedis.rename(anyKey(), anyKey());
            case 38 -> jedis.copy(anyKey(), anyKey(), random.nextBoolean());
            case 39 -> jedis.unlink(anyKey(), anyKey());
            case 40 -> jedis.eval(LUA, List.of(key("string"), anyKey(), key("list")), List.of(text(), number()));
            case 41 -> transaction(jedis);
            case 42 -> jedis.sort(key("list"), new SortingParams().alpha(), key("list"));
            default -> rare(jedis);
        }
    }

    private void rare(Jedis jedis) {
        switch (random.nextInt(12)) {
            case 0 -> jedis.flushDB();
            case 1 -> jedis.setrange(key("string"), LARGE_BYTES + random.nextInt(1000), "end");
            case 2 -> jedis.eval("for i = 1, 60000 do redis.call('RPUSH', KEYS[1], 'a job of about forty bytes with number ' .. i) end", List.of(key("list")), List.of());
            case 3 -> jedis.eval("for i = 1, 3000 do redis.call('HSET', KEYS[1], 'field ' .. i, i) redis.call('SADD', KEYS[2], 'member ' .. i) end", List.of(key("hash"), key("set")), List.of());
            default -> jedis.set(binaryKey(), EveryType.BINARY_VALUE);
        }
    }

    private void transaction(Jedis jedis) {
        try (var transaction = jedis.multi()) {
            transaction.set(key("string"), text());
            transaction.rpoplpush(key("list"), key("list"));
            transaction.del(anyKey());
            transaction.exec();
        }
    }

    private void stream(Jedis jedis) {
        var key = key("stream");
        switch (random.nextInt(4)) {
            case 0 -> jedis.xgroupCreate(key, "group", new StreamEntryID(0, 0), true);
            case 1 -> jedis.xreadGroup("group", "consumer", XReadGroupParams.xReadGroupParams().count(3), Map.of(key, StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
            case 2 -> jedis.xtrim(key, 5, false);
            default -> jedis.xpending(key, "group", XPendingParams.xPendingParams(StreamEntryID.MINIMUM_ID, StreamEntryID.MAXIMUM_ID, 2))
                    .forEach(pending -> jedis.xack(key, "group", pending.getID()));
        }
    }

    /** Pops blocked on empty lists, which other connections' pushes serve. */
    public static Runnable blockedPops(Jedis jedis, AtomicBoolean stopped) {
        return () -> {
            while (!stopped.get()) {
                try {
                    jedis.brpop(0.02, "list:0", "list:1", "list:2");
                    jedis.blmove("list:2", "list:3", ListDirection.RIGHT, ListDirection.LEFT, 0.02);
                } catch (JedisDataException wrongType) {
                    jedis.del("list:0", "list:1", "list:2", "list:3");
                }
            }
        };
    }

    private String key(String type) {
        return prefix + type + ":" + random.nextInt(KEYS);
    }

    private byte[] binaryKey() {
        var key = Arrays.copyOf(EveryType.bytes(prefix), prefix.length() + EveryType.BINARY_KEY.length);
        System.arraycopy(EveryType.BINARY_KEY, 0, key, prefix.length(), EveryType.BINARY_KEY.length);
        return key;
    }

    private String anyKey() {
        return key(List.of("string", "list", "set", "hash", "zset", "stream", "hll").get(random.nextInt(7)));
    }

    private String number() {
        return String.valueOf(random.nextInt(500));
    }

    private String text() {
        return random.nextInt(50) == 0 ? "x".repeat(random.nextInt(20_000)) : "text " + random.nextInt(2000);
    }
}
