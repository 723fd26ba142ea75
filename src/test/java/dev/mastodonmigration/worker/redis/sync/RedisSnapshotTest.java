package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.value.EveryType;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.args.ListDirection;

class RedisSnapshotTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @BeforeEach
    void empty() throws Exception {
        RedisTarget.claim(redis.context());
    }

    @Test
    void everyTypeAndEncodingArrivesWithItsExpiry() throws Exception {
        EveryType.fill(redis.source);
        var keys = redis.source.dbSize();

        var copied = new RedisSnapshotCopy().run(redis.context());
        assertThat(copied.figures()).containsEntry(Figure.KEYS, keys).containsKeys(Figure.BYTES, Figure.COPY_MILLISECONDS);
        assertThat(redis.target.get(EveryType.BINARY_KEY)).isEqualTo(EveryType.BINARY_VALUE);
        assertThat(redis.target.pexpireTime("string:int")).isEqualTo(4_102_444_800_123L);
        assertThat(redis.target.pexpireTime("string:raw")).isEqualTo(-1);
        assertThat(redis.target.zscore("feed:home:1", "status 7")).isEqualTo(EveryType.SNOWFLAKE + 7 * 1024d);
        assertThat(redis.target.lrange("queue:default", 0, -1)).isEqualTo(redis.source.lrange("queue:default", 0, -1));
        assertThat(redis.target.pfcount("activity:logins:1")).isEqualTo(3);
        for (var encoded : new String[] {"string:int", "list:listpack", "set:intset", "set:hashtable", "hash:hashtable", "zset:listpack", "feed:home:1", "stream"}) {
            assertThat(redis.target.objectEncoding(encoded)).as(encoded).isEqualTo(redis.source.objectEncoding(encoded));
        }

        var verified = new RedisVerify().run(redis.context());
        assertThat(verified.figures()).containsEntry(Figure.KEYS, keys).containsEntry(Figure.DIFFERENCES, 0L);
        assertThat(redis.progress.read().itemsDone()).isEqualTo(redis.progress.read().itemsTotal());
    }

    @Test
    void anEmptySourceMakesAnEmptyTarget() throws Exception {
        assertThat(new RedisSnapshotCopy().run(redis.context()).figures()).containsEntry(Figure.KEYS, 0L);
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.KEYS, 0L);
    }

    @Test
    void jobsAloneMoveWithTheirDigestsAndNothingElseStaysOnTheTarget() throws Exception {
        EveryType.fill(redis.source);
        redis.source.sadd("queues", "default");
        redis.source.lpush("queue:default", "{\"jid\":\"a\"}");
        redis.source.zadd("schedule", 1, "{\"jid\":\"b\"}");
        redis.source.zadd("retry", 1, "{\"jid\":\"c\"}");
        redis.source.zadd("dead", 1, "{\"jid\":\"d\"}");
        redis.source.zadd("uniquejobs:digests", 1, "uniquejobs:1");
        redis.source.hset("uniquejobs:1:LOCKED", "a", "1");
        redis.source.set("queues:of-somebody", "x");
        new RedisSnapshotCopy().run(redis.context());
        assertThat(redis.target.exists("feed:home:1")).isTrue();

        new RedisSnapshotCopy(KeyScope.JOBS).run(redis.context());
        assertThat(redis.target.keys("*")).contains("queues", "queue:default", "schedule", "retry", "dead", "uniquejobs:digests", "uniquejobs:1:LOCKED")
                .allMatch(key -> key.matches("queues|queue:.*|schedule|retry|dead|uniquejobs:.*|mastodon_migration:.*"));
        assertThat(redis.target.lrange("queue:default", 0, -1)).isEqualTo(redis.source.lrange("queue:default", 0, -1));
        assertThat(new RedisVerify(KeyScope.JOBS).run(redis.context()).figures()).containsEntry(Figure.KEYS, redis.target.dbSize() - 1).containsEntry(Figure.DIFFERENCES, 0L);

        redis.target.lpop("queue:default");
        redis.target.set("feed:home:9", "x");
        assertThatThrownBy(() -> new RedisVerify(KeyScope.JOBS).run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("queue:default")
                .hasMessageContaining("feed:home:9");
    }

    @Test
    void aHundredThousandKeysTakeSeconds() throws Exception {
        for (int at = 0; at < 100_000; at += 10_000) {
            try (var pipeline = redis.source.pipelined()) {
                for (int i = at; i < at + 10_000; i++) {
                    pipeline.set("cache:" + i, "value " + i);
                }
                pipeline.sync();
            }
        }
        var copied = new RedisSnapshotCopy().run(redis.context());
        var verified = new RedisVerify().run(redis.context());
        assertThat(copied.figures()).containsEntry(Figure.KEYS, 100_000L);
        assertThat(verified.figures()).containsEntry(Figure.KEYS, 100_000L);
        assertThat(copied.figures().get(Figure.COPY_MILLISECONDS)).isLessThan(30_000);
        assertThat(verified.figures().get(Figure.VERIFY_MILLISECONDS)).isLessThan(30_000);
    }

    @Test
    void largeValuesTravelOneByOne() throws Exception {
        for (int i = 0; i < 6; i++) {
            redis.source.set(EveryType.bytes("large:" + i), new byte[30 << 20]);
            redis.source.setrange("large:" + i, i * 1000L, "here");
        }
        redis.source.set("small", "value");
        var list = new StringBuilder("first");
        for (int i = 0; i < 100_000; i++) {
            list.append(",a job of about forty bytes with number ").append(i);
        }
        redis.source.rpush("large:list", list.toString().split(","));
        redis.source.pexpireAt("large:list", 4_102_444_800_123L);
        new RedisSnapshotCopy().run(redis.context());
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.KEYS, 8L);

        redis.target.setrange("large:3", 29L << 20, "x");
        redis.target.lset("large:list", 99_000, "x");
        redis.target.persist("large:5");
        redis.target.pexpireAt("large:4", 4_102_444_800_123L);
        redis.target.del("large:1");
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).isInstanceOf(Refusal.class)
                .hasMessageContaining("found 4 keys").hasMessageContaining("\"large:3\" (its value differs)")
                .hasMessageContaining("\"large:list\" (its value differs)").hasMessageContaining("\"large:4\" (it expires at another time)")
                .hasMessageContaining("\"large:1\" (it is missing on the target Redis)");
    }

    @Test
    void sidekiqsProcessKeysStayBehind() throws Exception {
        var identity = "worker.1:4:0123456789ab";
        redis.source.sadd("processes", identity);
        redis.source.hset(identity, "beat", "1");
        redis.source.hset(identity + ":work", "tid", "{}");
        redis.source.lpush(identity + "-signals", "TSTP");
        redis.source.set("process_cleanup", "1");
        redis.source.lpush("queue:default", "{}");
        new RedisSnapshotCopy().run(redis.context());
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("queue:default", "mastodon_migration:marker");
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.KEYS, 1L);

        redis.target.sadd("processes", "target:1:ffffffffffff");
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("\"processes\" (only the target Redis has it)");
    }

    @Test
    void whatOnlyTheTargetHasIsRemovedByTheNextCopy() throws Exception {
        new RedisSnapshotCopy().run(redis.context());
        redis.source.set("kept", "1");
        redis.target.set("stray", "1");
        redis.target.lpush("queue:default", "a job that ran long ago");
        redis.target.set("kept", "an older value");
        new RedisSnapshotCopy().run(redis.context());
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("kept", "mastodon_migration:marker");
        assertThat(redis.target.get("kept")).isEqualTo("1");
    }

    @Test
    void aKeyThatExpiresMeanwhileIsNoDifference() throws Exception {
        redis.source.set("lasting", "1");
        new RedisSnapshotCopy().run(redis.context());
        redis.target.psetex("gone soon", 1, "1");
        redis.source.psetex("gone too", 1, "1");
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    static Stream<Arguments> sabotages() {
        return Stream.of(
                sabotage("a value", jedis -> jedis.set("string:embstr", "other"), "\"string:embstr\" (its value differs)"),
                sabotage("a list's order", jedis -> jedis.lmove("list:listpack", "list:listpack", ListDirection.LEFT,
                        ListDirection.RIGHT), "\"list:listpack\" (its value differs)"),
                sabotage("one job of many", jedis -> jedis.lset("queue:default", 1500, "{}"), "\"queue:default\" (its value differs)"),
                sabotage("one field of a hashtable", jedis -> jedis.hset("hash:hashtable", "field 2999", "other"), "\"hash:hashtable\" (its value differs)"),
                sabotage("one member of a hashtable", jedis -> {
                    jedis.srem("set:hashtable", "member 5");
                    jedis.sadd("set:hashtable", "member five");
                }, "\"set:hashtable\" (its value differs)"),
                sabotage("one score", jedis -> jedis.zadd("feed:home:1", EveryType.SNOWFLAKE, "status 9"), "\"feed:home:1\" (its value differs)"),
                sabotage("a type", jedis -> {
                    jedis.del("set:mixed");
                    jedis.rpush("set:mixed", "1", "two");
                }, "\"set:mixed\" (its value differs)"),
                sabotage("a stream's entry", jedis -> jedis.xdel("stream", new StreamEntryID(600, 0)), "\"stream\" (its value differs)"),
                sabotage("what is pending in a group", jedis -> jedis.xack("stream", "group", new StreamEntryID(3, 0)), "\"stream\" (its value differs)"),
                sabotage("a visitor in a HyperLogLog", jedis -> jedis.pfadd("activity:logins:1", "d"), "\"activity:logins:1\" (its value differs)"),
                sabotage("a bit", jedis -> jedis.setbit("bits", 5, true), "\"bits\" (its value differs)"),
                sabotage("an expiry by a millisecond", jedis -> jedis.pexpireAt("string:int", 4_102_444_800_124L), "\"string:int\" (it expires at another time)"),
                sabotage("an expiry taken off", jedis -> jedis.persist("stream"), "\"stream\" (it expires at another time)"),
                sabotage("an expiry put on", jedis -> jedis.pexpireAt("string:raw", 4_102_444_800_000L), "\"string:raw\" (it expires at another time)"),
                sabotage("a missing key", jedis -> jedis.del(EveryType.BINARY_KEY), "\"\\x00\\xff\\x0a\\\"\\\\\\xc3(\" (it is missing on the target Redis)"),
                sabotage("a stray key", jedis -> jedis.set("stray", "1"), "\"stray\" (only the target Redis has it)"));
    }

    private static Arguments sabotage(String what, Consumer<Jedis> change, String named) {
        return Arguments.of(what, change, named);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sabotages")
    void sabotageOfTheTargetIsNamed(String what, Consumer<Jedis> change, String named) throws Exception {
        EveryType.fill(redis.source);
        new RedisSnapshotCopy().run(redis.context());
        change.accept(redis.target);
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).isInstanceOf(Refusal.class)
                .hasMessageContaining("found 1 keys that differ").hasMessageContaining(named);

        new RedisSnapshotCopy().run(redis.context());
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    @Test
    void valuesEqualInAnotherEncodingAreEqual() throws Exception {
        for (int i = 0; i < 600; i++) {
            redis.source.sadd("set", String.valueOf(i));
            redis.source.hset("hash", "field " + i, "v");
            redis.source.zadd("zset", i / 3d, "m" + i);
            redis.source.rpush("list", "element " + i);
        }
        new RedisSnapshotCopy().run(redis.context());
        var compact = Map.of("set-max-intset-entries", "10000", "hash-max-listpack-entries", "10000", "zset-max-listpack-entries", "10000",
                "list-max-listpack-size", "10");
        var usual = redis.target.configGet("*max-*");
        redis.target.configSet(compact);
        redis.target.del("set", "hash", "zset", "list");
        for (int i = 599; i >= 0; i--) {
            redis.target.sadd("set", String.valueOf(i));
            redis.target.hset("hash", "field " + i, "v");
            redis.target.zadd("zset", i / 3d, "m" + i);
            redis.target.lpush("list", "element " + i);
        }
        compact.keySet().forEach(setting -> redis.target.configSet(setting, usual.get(setting)));
        assertThat(redis.target.objectEncoding("hash")).isEqualTo("listpack").isNotEqualTo(redis.source.objectEncoding("hash"));
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, 4L);
    }

    @Test
    void whatWasNotCopiedToItsEndIsNotVerified() {
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("not been copied to its end");
    }

    @Test
    void manyDifferencesAreCountedAndTenNamed() throws Exception {
        new RedisSnapshotCopy().run(redis.context());
        for (int i = 0; i < 25; i++) {
            redis.source.set("key:" + i, "1");
        }
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).isInstanceOf(Refusal.class)
                .hasMessageContaining("found 25 keys").hasMessageContaining("and 15 more");
    }
}
