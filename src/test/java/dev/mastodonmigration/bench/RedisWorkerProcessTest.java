package dev.mastodonmigration.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RedisWorkerProcessTest {
    private static final String FILLING = "for i = 1, 12000 do redis.call('HSET', 'large:hash', i, ARGV[1] .. i) end";

    @TempDir
    Path secrets;

    /** A source whose URL is not one is refused as soon as the worker runs. */
    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aWorkerThatFailsEndsTheBenchWithItsError() throws Exception {
        try (var source = RedisServer.start(); var target = RedisServer.start(); var worker = RedisWorkerProcess.start(secrets)) {
            Files.writeString(secrets.resolve(WorkerContext.SOURCE_REDIS_URL), source.url().replace("redis:", "http:"));
            Files.writeString(secrets.resolve(WorkerContext.TARGET_REDIS_URL), target.url());
            assertThatThrownBy(worker::copy).isInstanceOf(IllegalStateException.class).hasMessageContaining("the worker failed: ").hasMessageContaining("must look like redis://");
        }
    }

    @Test
    @Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aHashOf200MegabytesFitsInItsMemory() throws Exception {
        try (var source = RedisServer.start(); var target = RedisServer.start(); var worker = RedisWorkerProcess.start(secrets); var jedis = source.connect()) {
            Files.writeString(secrets.resolve(WorkerContext.SOURCE_REDIS_URL), source.url());
            Files.writeString(secrets.resolve(WorkerContext.TARGET_REDIS_URL), target.url());
            // What compresses well would be small in a DUMP.
            var noise = new byte[17_300];
            new Random(1).nextBytes(noise);
            jedis.eval(FILLING.getBytes(StandardCharsets.US_ASCII), List.of(), List.of(noise));
            worker.copy();
            worker.awaitInSync();
            jedis.keys("*").forEach(key -> jedis.pexpireAt(key, 4_102_444_800_123L));
            assertThat(worker.drain()[1]).as("differences").isZero();
            assertThat(worker.verify()[1]).as("differences").isZero();
            assertThat(worker.peakMebibytes()).isLessThan(256);
        }
    }
}
