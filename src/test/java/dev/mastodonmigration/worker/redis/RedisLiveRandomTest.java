package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Any writes, with the connection that follows them cut at any moment: both sides end equal. {@code -Dredis.seeds=100} for more, {@code -Dredis.seed=…} for one again. */
class RedisLiveRandomTest {
    private static final int COMMANDS = 4000;
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

    static LongStream seeds() {
        var one = Long.getLong("redis.seed");
        return one != null ? LongStream.of(one) : new Random().longs(Integer.getInteger("redis.seeds", 10));
    }

    @ParameterizedTest(name = "-Dredis.seed={0}")
    @MethodSource("seeds")
    void anyCommandsAndAnyCutsEndEqual(long seed) throws Exception {
        System.out.println("random Redis commands: -Dredis.seed=" + seed);
        redis.empty();
        RedisTarget.claim(redis.context());
        var random = new Random(seed);
        var commands = new RandomCommands(seed);
        var stopped = new AtomicBoolean();
        var first = random.nextInt(1000);
        for (int i = 0; i < first; i++) {
            commands.one(redis.source);
        }
        try (var popping = redis.sourceServer.connect(); var live = LiveReplication.start(redis.context())) {
            var pops = Thread.ofPlatform().start(RandomCommands.blockedPops(popping, stopped));
            try {
                for (int i = first; i < COMMANDS; i++) {
                    commands.one(redis.source);
                    if (random.nextInt(800) == 0) {
                        LiveReplication.cutTracking(redis.source);
                    }
                    if (random.nextInt(1000) == 0) {
                        live.awaitInSync();
                    }
                }
            } finally {
                stopped.set(true);
                pops.join();
            }
            var report = live.drain();
            assertThat(report.figures()).as("seed " + seed).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(new RedisVerify().run(redis.context()).figures()).as("seed " + seed).containsEntry(Figure.DIFFERENCES, 0L);
    }
}
