package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While the target is being opened users wait: what a server says of its state may pass, so it is tried again until maxDowntime, and nothing goes back for it. */
class OpeningOutageTest {
    @TempDir
    Path directory;
    private RedisPair redis;

    @BeforeEach
    void copied() throws Exception {
        redis = RedisPair.start(directory);
        redis.source.sadd("queues", "default");
        redis.source.lpush("queue:default", "job 1");
        RedisTarget.claim(redis.context());
        new RedisSnapshotCopy().run(redis.context());
        redis.source.lpush("queue:default", "late");
    }

    @AfterEach
    void stop() {
        redis.close();
    }

    private Outcome open() {
        return Worker.attempt(new OpenRedis(), redis.context(RedisPair.UID, 2)).outcome();
    }

    private void opensAfterAll() throws Exception {
        assertThat(open()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(Marker.read(redis.target).orElseThrow().state()).isEqualTo(Marker.State.OPENED);
        assertThat(redis.target.lrange("queue:default", 0, -1)).containsExactly("late", "job 1");
        assertThat(redis.source.exists("queue:default")).isFalse();
    }

    @Test
    void aTargetThatIsFull() throws Exception {
        // Raised before, so that the marker itself needs no room.
        new MarkedTarget(redis.target, redis.context(RedisPair.UID, 2), "target Redis").ours();
        redis.target.configSet("maxmemory", "1");
        assertThat(open()).isEqualTo(Outcome.RETRYABLE);
        redis.target.configSet("maxmemory", "0");
        opensAfterAll();
    }

    @Test
    void aTargetThatIsAReplicaForAMoment() throws Exception {
        redis.target.replicaof("127.0.0.1", 1);
        assertThat(open()).isEqualTo(Outcome.RETRYABLE);
        redis.target.replicaofNoOne();
        opensAfterAll();
    }

    @Test
    void aSourceThatIsAReplicaForAMoment() throws Exception {
        redis.source.replicaof("127.0.0.1", 1);
        assertThat(open()).isEqualTo(Outcome.RETRYABLE);
        redis.source.replicaofNoOne();
        opensAfterAll();
    }

    @Test
    void serversThatAreLoading() throws Exception {
        for (var side : RedisSide.values()) {
            if (side != RedisSide.SOURCE_OF_SIDEKIQ) {
                try (var loading = Relay.to((side == RedisSide.SOURCE ? redis.sourceServer : redis.targetServer).port(), InputStream::transferTo, OpeningOutageTest::loading)) {
                    through(side, loading.port());
                    assertThat(open()).as(side.title()).isEqualTo(Outcome.RETRYABLE);
                }
                redis.source(redis.sourceServer.url());
                redis.target(redis.targetServer.url());
            }
        }
        opensAfterAll();
    }

    private void through(RedisSide side, int port) {
        if (side == RedisSide.SOURCE) {
            redis.source(redis.sourceServer.url().replaceAll(":\\d+$", ":" + port));
        } else {
            redis.target(redis.targetServer.url().replaceAll(":\\d+$", ":" + port));
        }
    }

    /** Says so instead of PONG. */
    private static void loading(InputStream from, OutputStream to) throws IOException {
        var buffer = new byte[8192];
        for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            to.write(new String(buffer, 0, read, StandardCharsets.ISO_8859_1).replace("+PONG", "-LOADING Redis is loading the dataset in memory").getBytes(StandardCharsets.ISO_8859_1));
        }
    }
}
