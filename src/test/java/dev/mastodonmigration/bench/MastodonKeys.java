package dev.mastodonmigration.bench;

import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;

/** Keys in the shapes and shares that an instance has: caches, timelines, counters, locks, queues. Made by the server itself, which is fastest. */
final class MastodonKeys {
    private static final int STEP = 5000;
    private static final long SNOWFLAKE = 113_456_789_012_345_678L;
    private static final String FILL = """
            for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
              local k = i % 20
              if k < 8 then
                redis.call('SET', 'cache:views/statuses/' .. i, string.rep('statuses ' .. i .. ' ', 10))
                if k < 4 then redis.call('PEXPIREAT', 'cache:views/statuses/' .. i, 4102444800000 + i) end
              elseif k < 13 then
                redis.call('SADD', 'activity:accounts:' .. i, i, i + 1, i + 2, i + 7)
              elseif k < 16 then
                redis.call('HSET', 'trending_statuses:usage:' .. i, 'score', i / 3, 'day', i % 365, 'language', 'en')
              elseif k < 18 then
                local n = 5
                if i % 400 == 16 then n = 800 end
                local a = {}
                for j = 1, n do a[2 * j - 1] = string.format('%d', ARGV[3] + i * 1000 + j) a[2 * j] = i * 1000 + j end
                redis.call('ZADD', 'feed:home:' .. i, unpack(a))
              else
                local n = 1
                if i % 2000 == 18 then n = 1000 end
                local a = {}
                for j = 1, n do a[j] = '{"class":"LinkCrawlWorker","jid":"' .. string.format('%024x', i * 1000 + j) .. '","args":[' .. j .. ']}' end
                redis.call('RPUSH', 'chewy:queue:' .. i, unpack(a))
              end
            end
            """;

    private MastodonKeys() {}

    static void fill(Jedis jedis, int count) {
        for (int from = 0; from < count; from += STEP) {
            jedis.eval(FILL, List.of(), List.of(String.valueOf(from), String.valueOf(Math.min(count, from + STEP) - 1), String.valueOf(SNOWFLAKE)));
        }
        jedis.sadd("queues", "default");
    }

    /** One of the writes that users and jobs make all the time. */
    static void write(Pipeline pipeline, int number) {
        var id = number * 7919L % 50_000 * 20;
        switch (number % 5) {
            case 0 -> pipeline.zadd("feed:home:" + (id + 16), SNOWFLAKE + number, "status " + number);
            case 1 -> pipeline.set("cache:views/statuses/" + id, "newer " + number);
            case 2 -> pipeline.lpush("queue:default", "{\"class\":\"DistributionWorker\",\"jid\":\"%024x\"}".formatted(number));
            case 3 -> pipeline.rpop("queue:default");
            default -> pipeline.hincrByFloat("trending_statuses:usage:" + (id + 13), "score", 0.5);
        }
    }
}
