package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.ClientKillParams;

@Tag("thorough")
class RedisCrashTest {
    private static final long KEYS = 300_000;

    @RegisterExtension
    final RedisPair redis = new RedisPair();

    @BeforeEach
    void start() throws Exception {
        fill(redis.source);
        RedisTarget.claim(redis.context());
    }

    private static void fill(Jedis jedis) {
        for (long at = 0; at < KEYS; at += 10_000) {
            try (var pipeline = jedis.pipelined()) {
                for (long i = at; i < at + 10_000; i++) {
                    pipeline.set("key:" + i, "value " + i);
                }
                pipeline.sync();
            }
        }
    }

    private void awaitMidway() {
        await().pollInterval(Duration.ofMillis(2)).until(() -> redis.target.dbSize() > 1000);
    }

    @Test
    void aCopyKilledMidwayIsCompletedByTheNext() throws Exception {
        try (var copy = CopyProcess.start(redis.secrets(), RedisPair.UID)) {
            awaitMidway();
            copy.kill();
        }
        assertThat(redis.target.dbSize()).isBetween(1000L, KEYS);
        redis.source.del("key:1", "key:2", "key:3");
        new RedisSnapshotCopy().run(redis.context());
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.KEYS, KEYS - 3);
    }

    @Test
    void aCopyKilledMidwayCanBeReset() throws Exception {
        try (var copy = CopyProcess.start(redis.secrets(), RedisPair.UID)) {
            awaitMidway();
            copy.kill();
        }
        RedisTarget.reset(redis.context());
        assertThat(redis.target.dbSize()).isZero();
    }

    @Test
    void aCutConnectionIsWorthAnotherTry() throws Exception {
        var copy = CompletableFuture.supplyAsync(() -> catchThrowable(() -> new RedisSnapshotCopy().run(redis.context())));
        awaitMidway();
        redis.target.clientKill(new ClientKillParams().skipMe(ClientKillParams.SkipMe.YES));
        assertThat(copy.get()).isNotNull().isNotInstanceOf(Refusal.class);
        new RedisSnapshotCopy().run(redis.context());
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.KEYS, KEYS);
    }

    @Test
    void anOpeningStopsACopyThatIsStillRunning() throws Exception {
        try (var copy = CopyProcess.start(redis.secrets(), RedisPair.UID)) {
            awaitMidway();
            // As RedisTarget.open does; it would refuse to open what is not loaded.
            redis.target.set(Marker.KEY.bytes(), new Marker(RedisPair.UID, "mastodon/example-social", Marker.State.OPENED, 2, null).bytes());
            var keys = redis.target.dbSize();
            assertThat(copy.waitFor()).isNotZero();
            assertThat(redis.target.dbSize()).isEqualTo(keys).isLessThan(KEYS);
        }
    }

    @Test
    void aTargetThatFillsUpIsTold() throws Exception {
        redis.target.configSet("maxmemory", "10mb");
        assertThat(catchThrowable(() -> new RedisSnapshotCopy().run(redis.context()))).isInstanceOf(Refusal.class)
                .hasMessageContaining("full").hasMessageContaining("larger instance");
    }

    @Test
    void aTargetThatLostItsDataIsNotFilledBlindly() throws Exception {
        redis.targetServer.restart();
        assertThat(catchThrowable(() -> new RedisSnapshotCopy().run(redis.context()))).isInstanceOf(Refusal.class).hasMessageContaining("marker");
    }
}
