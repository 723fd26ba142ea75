package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.value.EveryType;
import dev.mastodonmigration.worker.redis.value.GuardedWriter;
import dev.mastodonmigration.worker.redis.value.KeyReader;
import dev.mastodonmigration.worker.redis.value.KeyTransfer;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.value.PayloadFormat;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.Relay;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.RestoreParams;

/** From a source whose payloads the target does not read: each value goes by the commands of its type, or the migration ends with the key's name. */
class NewerSourceTest {
    /** Of Redis 7.0. */
    private static final int LAST_WITHOUT_LISTPACKS_OF_SETS = 10;
    private static final long YEAR_2100_MILLISECONDS = 4_102_444_800_123L;

    @RegisterExtension
    static final RedisPair redis = new RedisPair();
    private static Relay newer;

    @BeforeAll
    static void start() throws Exception {
        redis.target.set("own", "1");
        assumeThat(PayloadFormat.of(redis.target.dump("own")).rdbVersion()).as("of a server that takes every type of a newer one by payload, none goes by commands")
                .isLessThanOrEqualTo(LAST_WITHOUT_LISTPACKS_OF_SETS);
        newer = NewerSource.before(redis.sourceServer.port());
    }

    @AfterAll
    static void stop() throws Exception {
        if (newer != null) {
            newer.close();
        }
    }

    @BeforeEach
    void claim() throws Exception {
        redis.source("redis://:" + redis.sourceServer.password() + "@127.0.0.1:" + newer.port());
        RedisTarget.claim(redis.context());
        redis.target.configResetStat();
    }

    private static void everyType() {
        EveryType.fill(redis.source);
        redis.source.pexpireAt("feed:home:1", YEAR_2100_MILLISECONDS);
        redis.source.pexpireAt("queue:default", YEAR_2100_MILLISECONDS + 1);
        redis.source.pexpireAt("hash:listpack", YEAR_2100_MILLISECONDS + 2);
        redis.source.del("stream");
    }

    private static List<RedisKey> keys() {
        return redis.source.keys(new byte[] {'*'}).stream().map(RedisKey::of).toList();
    }

    private static void assertEqualAndNoneByPayload() throws Exception {
        assertThat(redis.target.info("commandstats")).as("commands of the target").contains("cmdstat_hset", "cmdstat_zadd").doesNotContain("cmdstat_restore");
        redis.source(redis.sourceServer.url());
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, redis.source.dbSize());
    }

    @Test
    void theTargetDoesNotReadThesePayloads() {
        everyType();
        for (var key : keys()) {
            var payload = NewerSource.newer(redis.source.dump(key.bytes()));
            assertThatThrownBy(() -> redis.target.restore("restored", 0, payload, RestoreParams.restoreParams().replace())).as(key.toString())
                    .isInstanceOf(JedisDataException.class).hasMessageContaining("DUMP payload version or checksum are wrong");
        }
    }

    @Test
    void aSnapshotBringsEveryTypeByCommands() throws Exception {
        everyType();
        redis.target.sadd("string:raw", "what an earlier copy left, of another type");
        redis.target.rpush("queue:default", "what an earlier copy left");
        new MarkedTarget(redis.target, redis.context(), "target").takeOver(Marker.read(redis.target).orElseThrow());
        assertThat(new RedisSnapshotCopy().run(redis.context()).figures()).containsEntry(Figure.KEYS, redis.source.dbSize());
        assertThat(new RedisVerify().run(redis.context()).figures()).as("as the newer source tells it").containsEntry(Figure.DIFFERENCES, 0L);
        assertEqualAndNoneByPayload();
        assertThat(redis.target.pexpireTime("feed:home:1")).isEqualTo(YEAR_2100_MILLISECONDS);
        assertThat(redis.target.pexpireTime("queue:default")).isEqualTo(YEAR_2100_MILLISECONDS + 1);
        assertThat(redis.target.ttl("hash:hashtable")).isEqualTo(-1);
    }

    @Test
    void replicationBringsEveryTypeAndItsChangesByCommands() throws Exception {
        everyType();
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.append("string:raw", "!");
            redis.source.lpush("queue:default", "one more");
            redis.source.sadd("set:intset", "no number");
            redis.source.hdel("hash:hashtable", "field 7");
            redis.source.hset("hash:listpack", "c", "3");
            redis.source.zadd("feed:home:1", EveryType.SNOWFLAKE + 1, "status between");
            redis.source.persist("string:int");
            redis.source.pexpireAt("bits", YEAR_2100_MILLISECONDS);
            redis.source.unlink("set:hashtable");
            redis.source.hset("new:hash", Map.of("a", "1"));
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, redis.source.dbSize());
        }
        assertEqualAndNoneByPayload();
        assertThat(redis.target.hget("new:hash", "a")).isEqualTo("1");
        assertThat(redis.target.pexpireTime("bits")).isEqualTo(YEAR_2100_MILLISECONDS);
    }

    /** DUMP would answer with all of it at once, so this user may not ask it of them. */
    @Test
    void largeHashesTravelInPages() throws Exception {
        redis.source.eval("for i = 1, 20000 do redis.call('HSET', 'large:hash', 'field ' .. i, string.rep(i .. ' ', 100)) end");
        redis.source.pexpireAt("large:hash", YEAR_2100_MILLISECONDS);
        assertThat(redis.source.memoryUsage("large:hash")).isGreaterThan(KeyTransfer.PAGED_BYTES);
        redis.source.aclSetUser("reader", "reset", "on", ">pass", "~*", "&*", "+@all", "-dump", "(+dump ~[^l]*)");
        redis.source("redis://reader:pass@127.0.0.1:" + newer.port());
        redis.source.set("small", "1");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.hdel("large:hash", "field 7");
            redis.source.hset("large:hash", "one more", "of it");
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, 2L);
        }
        assertThat(redis.target.hlen("large:hash")).isEqualTo(20_000);
        redis.source(redis.sourceServer.url());
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    @Test
    void aLargeHashWithAFieldThatExpiresIsRefusedByName() {
        redis.source.eval("for i = 1, 20000 do redis.call('HSET', 'large:hash', 'field ' .. i, string.rep(i .. ' ', 100)) end");
        redis.source.hset("large:hash", "field 10000", NewerSource.WITH_FIELDS_THAT_EXPIRE);
        assertThatThrownBy(() -> new RedisSnapshotCopy().run(redis.context())).isInstanceOf(Refusal.class)
                .hasMessageContaining("large:hash").hasMessageContaining("a hash with fields that expire");
    }

    @Test
    void aStreamIsRefusedByNameBeforeAndDuringTheCopy() throws Exception {
        redis.source.xadd("odd:stream", StreamEntryID.NEW_ENTRY, Map.of("f", "v"));
        assertThat(RedisPreflight.check(redis.context(), KeyScope.ALL).blockers()).singleElement().asString().contains("source Redis").contains("a stream, which");
        assertThatThrownBy(() -> new RedisSnapshotCopy().run(redis.context())).isInstanceOf(Refusal.class)
                .hasMessageContaining("\"odd:stream\" holds a stream, which").hasMessageContaining("Delete it if nothing needs it");
        try (var live = LiveReplication.start(redis.context())) {
            assertThatThrownBy(live::report).isInstanceOf(Refusal.class).hasMessageContaining("\"odd:stream\" holds a stream, which");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 20_000})
    void aFieldThatExpiresIsADifference(int fields) throws Exception {
        for (var jedis : List.of(redis.source, redis.target)) {
            jedis.eval("for i = 1, " + fields + " do redis.call('HSET', 'cache:hash', 'field ' .. i, string.rep(i .. ' ', 100)) end");
            jedis.hset("cache:hash", "odd", NewerSource.WITH_FIELDS_THAT_EXPIRE);
        }
        var marked = new MarkedTarget(redis.target, redis.context(), "target");
        marked.moveTo(Marker.State.LOADED, marked.takeOver(marked.ours()));
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("\"cache:hash\" (its value differs)");
        redis.source.hset("cache:hash", "odd", "of no end");
        redis.target.hset("cache:hash", "odd", "of no end");
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, 1L);
    }

    @ParameterizedTest
    @CsvSource({NewerSource.OF_A_MODULE + ",a type of a module", NewerSource.WITH_FIELDS_THAT_EXPIRE + ",a hash with fields that expire"})
    void aValueThatNothingCanCarryEndsASnapshotWithItsName(String value, String words) {
        redis.source.set("cache:good", "1");
        redis.source.hset("cache:odd", "name", value);
        assertThatThrownBy(() -> new RedisSnapshotCopy().run(redis.context())).isInstanceOf(Refusal.class)
                .hasMessageContaining("cache:odd").hasMessageContaining(words);
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).as("nor may it be opened").isInstanceOf(Refusal.class);
    }

    @ParameterizedTest
    @CsvSource({NewerSource.OF_A_MODULE + ",a type of a module", NewerSource.WITH_FIELDS_THAT_EXPIRE + ",a hash with fields that expire"})
    void aValueThatNothingCanCarryEndsReplicationWithItsName(String value, String words) throws Exception {
        redis.source.hset("cache:odd", "name", value);
        try (var live = LiveReplication.start(redis.context())) {
            assertThatThrownBy(live::report).as("from the start").isInstanceOf(Refusal.class).hasMessageContaining("cache:odd").hasMessageContaining(words);
        }
        redis.source.unlink("cache:odd");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.hset("cache:later", "name", value);
            assertThatThrownBy(live::report).as("while it follows").isInstanceOf(Refusal.class).hasMessageContaining("cache:later").hasMessageContaining(words);
        }
    }

    @Test
    void thePreflightAllowsWhatGoesByCommandsAndRefusesWhatNothingCanCarry() {
        redis.source.set("cache:good", "1");
        assertThat(RedisPreflight.check(redis.context(), KeyScope.ALL).blockers()).isEmpty();
        redis.source.unlink("cache:good");
        redis.source.hset("cache:odd", "name", NewerSource.OF_A_MODULE);
        assertThat(RedisPreflight.check(redis.context(), KeyScope.ALL).blockers()).singleElement().asString()
                .contains("source Redis").contains("a type of a module");
    }

    /** As to Redis 6.2: it reads strings, sets and hashtables once they are stamped anew, and no listpacks. */
    @Test
    void payloadsAndCommandsGoTogetherToATargetThatReadsSomeTypes() throws Exception {
        everyType();
        redis.source(redis.sourceServer.url());
        redis.target.rpush("list:listpack", "applied before, of another value");
        var marked = new MarkedTarget(redis.target, redis.context(), "target");
        var marker = marked.takeOver(marked.ours());
        try (var source = KeyReader.of(RedisSide.SOURCE.open(redis.context()));
                var target = new GuardedWriter(RedisSide.TARGET.open(redis.context()), marker)) {
            var transfer = new KeyTransfer(source, target, new PayloadFormat(9), key -> true, stream -> {});
            var line = new CopyPipeline(source, transfer, new PartitionQueue(), (done, bytes) -> {});
            line.copy(keys());
            line.finish();
        }
        assertThat(redis.target.info("commandstats")).contains("cmdstat_restore", "cmdstat_rpush", "cmdstat_hset");
        marked.moveTo(Marker.State.LOADED, marker);
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, redis.source.dbSize());
    }
}
