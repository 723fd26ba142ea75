package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.SlowLink;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Source and target serialize every small value otherwise, as two versions of Redis do. */
class SmallValuesTest {
    private static final int OF_EACH_TYPE = Integer.getInteger("redis.small.values", 1000);
    @TempDir
    static Path directory;
    private static RedisPair redis;

    @BeforeAll
    static void start() {
        redis = RedisPair.start(directory);
        for (var setting : List.of("set-max-intset-entries", "hash-max-listpack-entries", "zset-max-listpack-entries")) {
            redis.target.configSet(setting, "0");
        }
    }

    @AfterAll
    static void stop() {
        redis.close();
    }

    @BeforeEach
    void copied() throws Exception {
        redis.empty();
        redis.source(redis.sourceServer.url());
        redis.target(redis.targetServer.url());
        redis.source.eval("""
                for i = 1, tonumber(ARGV[1]) do
                  redis.call('SADD', 'set:' .. i, i, i + 1, i + 7)
                  redis.call('HSET', 'hash:' .. i, 'score', i / 3, 'language', 'en')
                  redis.call('ZADD', 'feed:' .. i, 113456789012345678 + i, i, i / 3, i + 1, '-inf', 'low')
                end
                """, 0, String.valueOf(OF_EACH_TYPE));
        redis.source.pexpireAt("set:1", 4_102_444_800_123L);
        RedisTarget.claim(redis.context());
        new RedisSnapshotCopy().run(redis.context());
        for (var key : List.of("set:1", "hash:1", "feed:1")) {
            assertThat(redis.target.objectEncoding(key)).as(key).isNotEqualTo(redis.source.objectEncoding(key));
        }
    }

    @Test
    void theyAreComparedInSoFewRoundTripsThatAServerFarAwayIsNoSlower() throws Exception {
        try (var source = SlowLink.to(redis.sourceServer.port(), Duration.ofMillis(1)); var target = SlowLink.to(redis.targetServer.port(), Duration.ofMillis(1))) {
            redis.source(redis.sourceServer.url().replaceAll(":\\d+$", ":" + source.port()));
            redis.target(redis.targetServer.url().replaceAll(":\\d+$", ":" + target.port()));
            redis.source.configResetStat();
            redis.target.configResetStat();
            assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.KEYS, 3L * OF_EACH_TYPE).containsEntry(Figure.DIFFERENCES, 0L);
            assertThat(source.roundTrips() + target.roundTrips()).as("round trips for " + 3 * OF_EACH_TYPE + " keys").isBetween(10L, 100 + OF_EACH_TYPE / 10L);
        }
        for (var jedis : List.of(redis.source, redis.target)) {
            assertThat(jedis.info("commandstats")).contains("cmdstat_smembers:calls=").doesNotContain("cmdstat_scard:", "cmdstat_sscan:", "cmdstat_zmscore:");
        }
    }

    @Test
    void eachDifferenceIsFoundAndNoneIsMadeUp() throws Exception {
        redis.target.srem("set:2", "2");
        redis.target.sadd("set:2", "3333");
        redis.target.hset("hash:3", "language", "de");
        redis.target.hset("hash:4", "more", "1");
        redis.target.zadd("feed:5", Map.of("5", 113_456_789_012_345_999.0));
        redis.target.zrem("feed:6", "low");
        redis.target.del("set:7");
        redis.target.set("set:7", "of another type");
        redis.target.pexpireAt("set:1", 4_102_444_800_124L);
        redis.source.zadd("feed:8", 1.5, "new");
        redis.target.zadd("feed:8", 1.5, "new");
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("found 7 keys")
                .hasMessageContaining("\"set:1\" (it expires").hasMessageContaining("\"set:2\" (its value").hasMessageContaining("\"hash:3\"").hasMessageContaining("\"hash:4\"")
                .hasMessageContaining("\"feed:5\"").hasMessageContaining("\"feed:6\"").hasMessageContaining("\"set:7\"");
    }

    @Test
    void whereTheCommandIsNotAllowedTheyAreComparedOneByOne() throws Exception {
        redis.sourceAsUserWithout("-hgetall", "-zrange");
        redis.target.hset("hash:3", "language", "de");
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("found 1 keys").hasMessageContaining("\"hash:3\"");
    }

    /** As DUMP of Redis 7.2 has it: the same members in a listpack, which 7.0 does not know; its payload is only looked at for its type. */
    @Test
    void aSmallSetOfRedis7_2IsKnownByItsTypeByte() throws Exception {
        var listpack = new KeyState(new byte[] {20, 3, '1', '2', '3', 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}, KeyState.NEVER);
        var intset = new KeyState(redis.source.dump("set:2"), KeyState.NEVER);
        try (var source = RedisSide.SOURCE.open(redis.context()); var target = RedisSide.TARGET.open(redis.context())) {
            assertThat(new SmallValues(source, target).same(List.of(new SmallValues.Pair(RedisKey.of("set:2"), listpack, intset)))).isEqualTo(Map.of(RedisKey.of("set:2"), true));
        }
    }
}
