package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuietSidekiqTest {
    private static final String IDENTITY = "worker.1:4:0123456789ab";
    @TempDir
    static Path directory;
    private static RedisPair redis;

    @BeforeAll
    static void start() {
        redis = RedisPair.start(directory);
    }

    @AfterAll
    static void stop() {
        redis.close();
    }

    @BeforeEach
    void empty() {
        redis.empty();
    }

    /** Beats every 300 ms, obeys TSTP at a beat, and has a job in hand for so many beats after it is quiet. */
    private static final class Heart implements AutoCloseable {
        private final Thread thread;
        private volatile boolean stopped;
        private volatile int quietBeats;

        Heart(int busyBeats, boolean obedient) {
            thread = Thread.ofPlatform().daemon().start(() -> {
                try (var jedis = redis.sourceServer.connect()) {
                    for (var quiet = false; !stopped; LockSupport.parkNanos(Duration.ofMillis(300).toNanos())) {
                        quiet |= jedis.rpop(IDENTITY + "-signals") != null && obedient;
                        quietBeats += quiet ? 1 : 0;
                        var busy = quietBeats <= busyBeats;
                        try (var beat = jedis.multi()) {
                            beat.sadd("processes", IDENTITY);
                            beat.hset(IDENTITY, Map.of("beat", String.valueOf(System.currentTimeMillis() / 1000.0), "busy", busy ? "1" : "0", "quiet", String.valueOf(quiet)));
                            beat.expire(IDENTITY, 60);
                            beat.del(IDENTITY + ":work");
                            if (busy) {
                                beat.hset(IDENTITY + ":work", "tid", "{\"queue\":\"default\",\"payload\":\"{\\\"class\\\":\\\"LinkCrawlWorker\\\"}\"}");
                            }
                            beat.exec();
                        }
                    }
                }
            });
        }

        @Override
        public void close() throws InterruptedException {
            stopped = true;
            LockSupport.unpark(thread);
            thread.join();
        }
    }

    @Test
    void waitsForTheJobInHandAndThenForTwoHeartbeats() throws Exception {
        try (var heart = new Heart(12, true)) {
            Awaitility.await().until(() -> redis.source.exists("processes"));
            var report = new QuietSidekiq(KeyScope.ALL, Duration.ofSeconds(30), Duration.ZERO).run(redis.context());
            assertThat(report.message()).startsWith("1 Sidekiq processes of the source are quiet");
            assertThat(report.figures()).containsEntry("sidekiqProcesses", 1L);
            assertThat(report.notes()).containsExactly(IDENTITY);
            assertThat(new SourceClients().run(redis.context()).notes()).as("asleep").containsExactly(IDENTITY);
            assertThat(heart.quietBeats).isGreaterThanOrEqualTo(14);
            assertThat(redis.source.hgetAll(IDENTITY)).containsEntry("quiet", "true").containsEntry("busy", "0");
        }
    }

    @Test
    void aProcessThatDoesNotBecomeIdleIsNamedWithItsJobs() throws Exception {
        try (var heart = new Heart(Integer.MAX_VALUE, true)) {
            Awaitility.await().until(() -> redis.source.exists("processes"));
            assertThatThrownBy(() -> new QuietSidekiq(KeyScope.ALL, Duration.ofSeconds(2), Duration.ZERO).run(redis.context())).isInstanceOf(Refusal.class)
                    .hasMessageContaining("Sidekiq process " + IDENTITY + " did not become idle within 2 s (quiet, jobs in hand: LinkCrawlWorker)")
                    .hasMessageContaining("Nothing was frozen");
            assertThat(heart.quietBeats).isPositive();
        }
    }

    @Test
    void aProcessThatDoesNotListenIsNamed() throws Exception {
        try (var heart = new Heart(0, false)) {
            Awaitility.await().until(() -> redis.source.exists("processes"));
            assertThatThrownBy(() -> new QuietSidekiq(KeyScope.ALL, Duration.ofSeconds(1), Duration.ZERO).run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("(not quiet, ");
            assertThat(heart.quietBeats).isZero();
        }
    }

    @Test
    void aSidekiqThatIsJustBeingRestartedIsWaitedFor() throws Exception {
        var report = CompletableFuture.supplyAsync(() -> {
            try {
                return new QuietSidekiq(KeyScope.ALL, Duration.ofSeconds(30), Duration.ofSeconds(20)).run(redis.context());
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        assertThatThrownBy(() -> report.get(2, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
        try (var heart = new Heart(0, true)) {
            assertThat(report.get(30, TimeUnit.SECONDS).message()).startsWith("1 Sidekiq processes of the source are quiet");
        }
    }

    @Test
    void withoutSidekiqThereIsNothingToWaitFor() throws Exception {
        redis.source.sadd("processes", "a process that died:1:0123456789ab");
        assertThat(new QuietSidekiq(KeyScope.ALL, Duration.ofSeconds(9), Duration.ofSeconds(1)).run(redis.context()).message()).isEqualTo("No Sidekiq process runs on the source.");
    }

    @Test
    void oneIdleHeartbeatOrOneTooSoonProvesNothing() {
        var quiet = new SidekiqHeartbeat(100, true, 0);
        assertThat(IdleProof.NONE.seen(quiet).seen(quiet).seen(new SidekiqHeartbeat(101, true, 0)).idleBeats()).isZero();
        var once = IdleProof.NONE.seen(quiet).seen(new SidekiqHeartbeat(110, true, 0));
        assertThat(once.isComplete()).isFalse();
        assertThat(once.seen(new SidekiqHeartbeat(110, true, 0)).isComplete()).isFalse();
        assertThat(once.seen(new SidekiqHeartbeat(120, true, 1)).seen(new SidekiqHeartbeat(130, true, 0)).isComplete()).isFalse();
        assertThat(once.seen(new SidekiqHeartbeat(120, true, 0)).isComplete()).isTrue();
    }
}
