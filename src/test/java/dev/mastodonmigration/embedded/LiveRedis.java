package dev.mastodonmigration.embedded;

import java.time.Instant;
import java.util.Random;
import redis.clients.jedis.Jedis;

/** Fills a Redis with what years of Mastodon leave there: feeds, counters, caches with an expiry, jobs that wait. */
final class LiveRedis {
    private static final int FEED_LENGTH = 40;

    private LiveRedis() {}

    /**
     * Seeds the database, and the one that holds the jobs.
     *
     * @param keys roughly how many keys
     * @param seed makes the same content again
     */
    static void seed(Jedis redis, Jedis sidekiqRedis, int keys, long seed) {
        var random = new Random(seed);
        var soon = Instant.now().toEpochMilli() / 1000.0 + 86_400;
        var pipeline = redis.pipelined();
        for (var n = 0; n < keys; n++) {
            switch (n % 8) {
                case 0, 1 -> {
                    for (var i = 0; i < FEED_LENGTH; i++) {
                        var id = 116_000_000_000_000_000L + random.nextInt();
                        pipeline.zadd("feed:list:" + n, id, String.valueOf(id));
                    }
                }
                case 2 -> pipeline.pfadd("activity:logins:" + n, "a" + random.nextInt(), "b" + random.nextInt());
                case 3 -> pipeline.sadd("tags:" + n + ":used", "tag" + random.nextInt(50), "ねこ", "");
                case 4 -> pipeline.hset("stat:" + n, "processed", String.valueOf(random.nextInt()));
                case 5 -> pipeline.set("account:" + n + ":last", "🦣 " + "x".repeat(random.nextInt(200)));
                default -> pipeline.setex("cache:" + n, 3600 + random.nextInt(3600), "v".repeat(random.nextInt(500)));
            }
        }
        pipeline.sync();
        var jobs = sidekiqRedis.pipelined();
        for (var n = 0; n < 50; n++) {
            var job = "{\"class\":\"MoveWorker\",\"queue\":\"default\",\"args\":[" + n + "],\"jid\":\"" + String.format("%024x", n) + "\"}";
            jobs.zadd(n % 2 == 0 ? "schedule" : "dead", soon + n, job);
        }
        jobs.sync();
    }
}
