package dev.mastodonmigration.worker.redis.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.sync.LiveReplication;
import dev.mastodonmigration.worker.redis.sync.MarkedTarget;
import dev.mastodonmigration.worker.redis.sync.RedisSnapshotCopy;
import dev.mastodonmigration.worker.redis.sync.RedisTarget;
import dev.mastodonmigration.worker.redis.sync.RedisVerify;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadGroupParams;

class ValueCopyTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();
    private Marker marker;

    @BeforeEach
    void empty() throws Exception {
        RedisTarget.claim(redis.context());
        marker = new MarkedTarget(redis.target, redis.context(), "target").ours();
    }

    /** As to a target that reads none of the source's payloads. */
    private void copyByCommands() throws Exception {
        try (var reader = KeyReader.of(redis.sourceServer.connect()); var writer = new GuardedWriter(redis.targetServer.connect(), marker)) {
            var copy = new ValueCopy(reader.jedis(), writer, LargeKeys.ALONE);
            for (var name : redis.source.keys(new byte[] {'*'})) {
                var key = RedisKey.of(name);
                copy.copy(key, redis.source.memoryUsage(name), reader.expiry(key).orElseThrow());
            }
        }
        new MarkedTarget(redis.target, redis.context(), "target").moveTo(Marker.State.LOADED, marker);
    }

    @Test
    void everyTypeButStreamsArrivesByCommandsAlone() throws Exception {
        EveryType.fill(redis.source);
        redis.target.sadd("queue:default", "of another type");
        redis.source.zadd("zset:listpack", Map.of("tiny", Double.MIN_VALUE, "huge", Double.MAX_VALUE, "+inf", Double.POSITIVE_INFINITY, "third", 1 / 3d, "2^53+1", 9007199254740993d));
        redis.source.del("stream");
        copyByCommands();
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, redis.source.dbSize());
    }

    private static void largeStream() {
        redis.source.eval("for i = 1, 50 do redis.call('XADD', 'large:stream', i .. '-1', 'f', string.rep(i .. ' ', 100000)) end");
        redis.source.xgroupCreate("large:stream", "readers", new StreamEntryID(0, 0), false);
        assertThat(redis.source.memoryUsage("large:stream")).isGreaterThan(KeyTransfer.PAGED_BYTES);
    }

    private static void read(String consumer) {
        redis.source.xreadGroup("readers", consumer, XReadGroupParams.xReadGroupParams().count(5), Map.of("large:stream", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
    }

    /** As of a stream that is kept short while a consumer is behind. */
    @Test
    void whatIsPendingWithoutItsEntryArrives() throws Exception {
        largeStream();
        read("slow");
        redis.source.xdel("large:stream", new StreamEntryID(3, 1));
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            read("later");
            redis.source.xdel("large:stream", new StreamEntryID(7, 1));
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(redis.target.xpending("large:stream", "readers").getTotal()).isEqualTo(10);
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    /** Redis tells nobody of what XREADGROUP changes. */
    @Test
    void whatIsReadFromAStreamArrivesInTheDrain() throws Exception {
        EveryType.fill(redis.source);
        redis.source.xgroupCreate("empty stream", "readers", new StreamEntryID(0, 0), true);
        redis.source.xadd("emptied stream", new StreamEntryID(5, 1), Map.of("f", "v"));
        redis.source.xdel("emptied stream", new StreamEntryID(5, 1));
        new RedisSnapshotCopy().run(redis.context());
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.xreadGroup("group", "another", XReadGroupParams.xReadGroupParams().count(5), Map.of("stream", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, redis.source.dbSize());
        }
        assertThat(redis.target.xpending("stream", "group").getTotal()).isEqualTo(705);
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    /** As of another version, which no two servers of these tests are. */
    @ParameterizedTest
    @ValueSource(ints = {2, 50})
    void aStreamThatTheTargetKeepsInAnotherFormatIsRefusedByName(int entries) throws Exception {
        redis.source.eval("for i = 1, ARGV[1] do redis.call('XADD', 'large:stream', i .. '-1', 'f', string.rep(i .. ' ', 100000)) end", List.of(), List.of(String.valueOf(entries)));
        redis.target.configSet("rdbcompression", "no");
        try (var live = LiveReplication.start(redis.context())) {
            assertThatThrownBy(live::report).isInstanceOf(Refusal.class).hasMessageContaining("\"large:stream\" is a stream").hasMessageContaining("Delete it if nothing needs it");
            assertThat(live.progress.read().inSync()).isFalse();
            assertThatThrownBy(() -> new RedisSnapshotCopy().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("\"large:stream\" is a stream");
            assertThatThrownBy(() -> new RedisVerify().run(redis.context())).as("nor may it be opened").isInstanceOf(Refusal.class);
        } finally {
            redis.target.configSet("rdbcompression", "yes");
        }
    }

    @Test
    void aStreamThatDiffersIsMendedInTheDrain() throws Exception {
        largeStream();
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.target.xgroupDestroy("large:stream", "readers");
            live.drain();
        }
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    @Test
    void aLargeStreamThatIsWrittenToAllTheTimeFollows() throws Exception {
        largeStream();
        var stopped = new AtomicBoolean();
        var writer = Thread.ofPlatform().start(() -> {
            try (var jedis = redis.sourceServer.connect()) {
                while (!stopped.get()) {
                    jedis.xadd("large:stream", XAddParams.xAddParams(), Map.of("f", "v"));
                }
            }
        });
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            stopped.set(true);
            writer.join();
            var report = live.drain();
            assertThat(report.notes()).as("no session broke").isEmpty();
            assertThat(report.figures()).containsEntry(Figure.DIFFERENCES, 0L);
        } finally {
            stopped.set(true);
            writer.join();
        }
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    @Test
    void aValueLargerThanOurMemoryShareTravelsInPages() throws Exception {
        redis.source.setrange("large:string", 64 << 20, "end");
        redis.source.eval("for i = 1, 300000 do redis.call('RPUSH', 'large:list', 'a job of about forty bytes with number ' .. i) end");
        redis.source.eval("for i = 1, 150000 do redis.call('HSET', 'large:hash', 'field ' .. i, 'value ' .. i) end");
        redis.source.eval("for i = 1, 150000 do redis.call('SADD', 'large:set', 'a member with number ' .. i) end");
        redis.source.eval("for i = 1, 120000 do redis.call('ZADD', 'large:zset', i / 3, 'a member with number ' .. i) end");
        redis.source.pexpireAt("large:zset", 4_102_444_800_123L);
        redis.source.set("small", "1");
        assertThat(redis.source.memoryUsage("large:list")).isGreaterThan(KeyTransfer.PAGED_BYTES);
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.lpush("large:list", "one more");
            redis.source.append("large:string", "!");
            redis.source.srem("large:set", "a member with number 7");
            assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 6L).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(redis.target.strlen("large:string")).isEqualTo((64 << 20) + 4);
        assertThat(redis.target.llen("large:list")).isEqualTo(300_001);
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }
}
