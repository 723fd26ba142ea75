package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.redis.value.EveryType;
import dev.mastodonmigration.worker.redis.value.GuardedWriter;
import dev.mastodonmigration.worker.redis.value.KeyReader;
import dev.mastodonmigration.worker.redis.value.KeyTransfer;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.value.PayloadFormat;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import dev.mastodonmigration.worker.redis.wire.SplitConnection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;

class CopyPipelineTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    private final PartitionQueue work = new PartitionQueue();
    private final AtomicLong copied = new AtomicLong();

    @BeforeEach
    void claim() throws Exception {
        RedisTarget.claim(redis.context());
    }

    private void copy(List<RedisKey> keys) throws Exception {
        var marker = Marker.read(redis.target).orElseThrow();
        try (var source = KeyReader.of(RedisSide.SOURCE.open(redis.context())); var target = new GuardedWriter(RedisSide.TARGET.open(redis.context()), marker)) {
            var transfer = new KeyTransfer(source, target, PayloadFormat.ofMarked(target.jedis(), "target Redis"), key -> true, stream -> {});
            var line = new CopyPipeline(source, transfer, work, (done, bytes) -> copied.addAndGet(done));
            line.copy(keys);
            line.finish();
        }
    }

    /** As when a key changed before the scan came to it: what the copy read may be older than what was applied. */
    @Test
    void aKeyThatTheTargetHasIsLeftAloneAndComesAgain() throws Exception {
        redis.source.set("cache:known", "read by the copy");
        redis.source.set("cache:new", "read by the copy");
        redis.target.set("cache:known", "applied before");
        copy(List.of(RedisKey.of("cache:known"), RedisKey.of("cache:new")));
        assertThat(redis.target.get("cache:known")).isEqualTo("applied before");
        assertThat(redis.target.get("cache:new")).isEqualTo("read by the copy");
        assertThat(work.take()).isEqualTo(new PartitionTask.Apply(List.of(RedisKey.of("cache:known"))));
    }

    /** Random, so that DUMP does not compress it. */
    private static void fill(String name, int bytes, int seed) {
        var value = new byte[bytes];
        new Random(seed).nextBytes(value);
        redis.source.set(EveryType.bytes(name), value);
    }

    @Test
    void valuesFarLargerThanTheirNamesSayArriveAllTheSame() throws Exception {
        var keys = new ArrayList<RedisKey>();
        for (int i = 0; i < 60; i++) {
            var name = "cache:fragment:" + i;
            fill(name, i == 30 ? 20 << 20 : 300_000, i);
            keys.add(RedisKey.of(name));
        }
        keys.add(RedisKey.of("cache:gone"));
        copy(keys);
        assertThat(copied).hasValue(keys.size());
        for (var key : keys) {
            assertThat(Arrays.equals(redis.target.get(key.bytes()), redis.source.get(key.bytes()))).as(key.toString()).isTrue();
        }
        assertThat(work.backlog()).isEqualTo(Backlog.NONE);
    }

    @Test
    void whatIsNotKeptIsPassedOverAndTheAnswersAfterItAreTheirs() throws Exception {
        fill("large", 1_000_000, 1);
        redis.source.set("small", "kept");
        try (var jedis = RedisSide.SOURCE.open(redis.context())) {
            var trip = new RoundTrip(jedis);
            for (var name : List.of("small", "large", "absent", "small", "small")) {
                trip.send(new CommandArguments(Command.GET).key(name));
            }
            trip.send(new CommandArguments(Command.STRLEN).key("large"));
            var answers = trip.answers(8);
            assertThat(answers).element(0).isEqualTo(EveryType.bytes("kept"));
            assertThat(answers).element(1).isSameAs(SplitConnection.PASSED_OVER);
            assertThat(Optional.ofNullable(answers.get(2))).isEmpty();
            assertThat(answers).element(3).isEqualTo(EveryType.bytes("kept"));
            assertThat(answers).element(4).as("beyond all that may be kept").isSameAs(SplitConnection.PASSED_OVER);
            assertThat(answers).element(5).isEqualTo(1_000_000L);
            assertThat(jedis.get(EveryType.bytes("large"))).as("without a limit").hasSize(1_000_000);
        }
    }
}
