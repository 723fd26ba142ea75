package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

/**
 * Any writes, with the connection that follows them cut at any moment: both sides end equal. {@code -Dredis.seeds=100} for more, {@code -Dredis.seed=…} for
 * one again. A fourth of the seeds follow by keyspace notifications. Each seed has a pair of servers of its own, so several run at once.
 */
@Execution(ExecutionMode.CONCURRENT)
class RedisLiveRandomTest {
    private static final int COMMANDS = 2500;

    static LongStream seeds() {
        var one = Long.getLong("redis.seed");
        return one != null ? LongStream.of(one) : new Random().longs(Integer.getInteger("redis.seeds", 10));
    }

    @ParameterizedTest(name = "-Dredis.seed={0}")
    @MethodSource("seeds")
    void anyCommandsAndAnyCutsEndEqual(long seed, @TempDir Path directory) throws Exception {
        try (var redis = RedisPair.start(directory)) {
            endsEqual(redis, seed);
        } catch (Exception | AssertionError e) {
            throw new AssertionError("Again: -Dredis.seed=" + seed, e);
        }
    }

    private static void followByNotifications(RedisPair redis) {
        redis.source.aclSetUser("limited", "on", ">secret", "~*", "&*", "+@all", "-client|tracking");
        redis.source("redis://limited:secret@127.0.0.1:" + redis.sourceServer.port());
    }

    private static void endsEqual(RedisPair redis, long seed) throws Exception {
        RedisTarget.claim(redis.context());
        var random = new Random(seed);
        if (random.nextInt(4) == 0) {
            followByNotifications(redis);
        }
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
                        redis.source.clientKill(new ClientKillParams().type(ClientType.PUBSUB));
                    }
                    if (random.nextInt(1000) == 0) {
                        live.awaitInSync();
                    }
                }
            } finally {
                stopped.set(true);
                pops.join();
            }
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }
}
