package dev.mastodonmigration.worker.redis.value;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadGroupParams;

/** Fills a database with every type in every encoding that Redis 7.0 has. */
public final class EveryType {
    public static final byte[] BINARY_KEY = {0, (byte) 0xff, 10, '"', '\\', (byte) 0xc3, 0x28};
    public static final byte[] BINARY_VALUE = {(byte) 0xfe, 0, 13, 10, 0x7f};
    /** Snowflakes beyond 2^53, as Mastodon's feeds have them. */
    public static final double SNOWFLAKE = 113_456_789_012_345_678d;

    private EveryType() {}

    public static void fill(Jedis jedis) {
        jedis.set("string:int", "12345678901");
        jedis.set("string:embstr", "é emoji 🐘");
        jedis.set("string:raw", "compressible ".repeat(400));
        jedis.set("string:empty", "");
        jedis.append("string:appended", "123");
        jedis.set(BINARY_KEY, BINARY_VALUE);
        jedis.pfadd("activity:logins:1", "a", "b", "c");
        jedis.setbit("bits", 100_000, true);
        jedis.rpush("list:listpack", "1", "two", "-3", "");
        for (int i = 0; i < 3000; i++) {
            jedis.rpush("queue:default", "{\"class\":\"LinkCrawlWorker\",\"jid\":\"%024x\",\"args\":[%d]}".formatted(i, i));
        }
        jedis.sadd("set:intset", "1", "-2", "9007199254740993");
        jedis.sadd("set:mixed", "1", "two");
        jedis.hset("hash:listpack", Map.of("a", "1", "b", ""));
        var big = new HashMap<String, String>();
        for (int i = 0; i < 3000; i++) {
            jedis.sadd("set:hashtable", "member " + i);
            big.put("field " + i, "value " + i);
            jedis.zadd("feed:home:1", SNOWFLAKE + i * 1024d, "status " + i);
        }
        jedis.hset("hash:hashtable", big);
        jedis.zadd("zset:listpack", Map.of("a", 1.5, "b", Double.NEGATIVE_INFINITY, "c", SNOWFLAKE, "d", 0.1));
        for (int i = 1; i <= 1200; i++) {
            jedis.xadd("stream", XAddParams.xAddParams().id(new StreamEntryID(i, 0)), Map.of("n", String.valueOf(i)));
        }
        jedis.xgroupCreate("stream", "group", new StreamEntryID(0, 0), false);
        jedis.xreadGroup("group", "consumer", XReadGroupParams.xReadGroupParams().count(700), Map.of("stream", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
        jedis.xdel("stream", new StreamEntryID(1200, 0));
        for (var key : new String[] {"string:int", "set:hashtable", "stream"}) {
            jedis.pexpireAt(key, 4_102_444_800_123L);
        }
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
