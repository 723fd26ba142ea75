package dev.mastodonmigration.bench;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RedisWorkerProcessTest {
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
}
