package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.value.RandomCommands;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

/**
 * Any writes, with the connection that follows them cut at any moment: both sides end equal. {@code -Dredis.seeds=100} for more, {@code -Dredis.seed=…} for
 * one again. A fourth of the seeds follow by keyspace notifications; a third have two Redis on the source, some of these in one server; a fourth write and cut
 * while the first copy runs. Each seed has a pair of servers of its own, so several run at once.
 */
@Tag("thorough")
@Execution(ExecutionMode.CONCURRENT)
class RedisLiveRandomTest {
    private static final int COMMANDS = 2500;
    /** So few writes after a gap do not happen to bring all that it missed. */
    private static final int UNHEALED = 200;

    static LongStream seeds() {
        var one = Long.getLong("redis.seed");
        return one != null ? LongStream.of(one) : new Random().longs(Integer.getInteger("redis.seeds", 10));
    }

    @ParameterizedTest(name = "-Dredis.seed={0}")
    @MethodSource("seeds")
    void anyCommandsAndAnyCutsEndEqual(long seed) throws Exception {
        var random = new Random(seed);
        try (var redis = new RedisPair().start()) {
            RedisTarget.claim(redis.context());
            if (random.nextInt(4) == 0) {
                redis.sourceAsUserWithout("-client|tracking");
            }
            endsEqual(redis, seed, random);
        } catch (Exception | AssertionError e) {
            throw new AssertionError("Again: -Dredis.seed=" + seed + ", because of " + e, e);
        }
    }

    private static void endsEqual(RedisPair redis, long seed, Random random) throws Exception {
        var main = new Written(redis.source, new RandomCommands(seed, ""));
        var named = List.of("sidekiq:", "queue:", "uniquejobs:").get(random.nextInt(3));
        switch (random.nextInt(9)) {
            case 0 -> {
                redis.sourceOfSidekiq(redis.sourceServer.url() + "/3");
                try (var other = redis.sourceServer.connect()) {
                    other.select(3);
                    endsEqual(redis, random, List.of(main, new Written(other, new RandomCommands(~seed, named))));
                }
            }
            case 1, 2 -> {
                try (var server = RedisServer.start(); var other = server.connect()) {
                    redis.sourceOfSidekiq(server.url());
                    endsEqual(redis, random, List.of(main, new Written(other, new RandomCommands(~seed, named))));
                }
            }
            case 3 -> endsEqual(redis, random, List.of(new Written(redis.source, new RandomCommands(seed, named))));
            default -> endsEqual(redis, random, List.of(main));
        }
    }

    /** One Redis of the source, with names that no other has: jobs' some of the time. */
    private record Written(Jedis jedis, RandomCommands commands) {
        void one() {
            commands.one(jedis);
        }

        /** Answers how many connections that was. */
        long cut() {
            return LiveReplication.cutTracking(jedis) + jedis.clientKill(new ClientKillParams().type(ClientType.PUBSUB));
        }
    }

    private static void endsEqual(RedisPair redis, Random random, List<Written> sources) throws Exception {
        var stopped = new AtomicBoolean();
        var whileItCopies = random.nextInt(4) == 0;
        var first = random.nextInt(1000);
        var lastCut = COMMANDS - 1 - random.nextInt(UNHEALED);
        for (int i = 0; i < first; i++) {
            sources.get(random.nextInt(sources.size())).one();
        }
        try (var popping = redis.sourceServer.connect(); var live = LiveReplication.start(redis.context())) {
            if (!whileItCopies) {
                live.awaitInSync();
            }
            var pops = Thread.ofPlatform().start(RandomCommands.blockedPops(popping, stopped));
            try {
                for (int i = first; i < COMMANDS; i++) {
                    var source = sources.get(random.nextInt(sources.size()));
                    source.one();
                    if (random.nextInt(800) == 0 || i == lastCut) {
                        if (whileItCopies) {
                            source.cut();
                        } else {
                            cutWhatFollows(live, source, random);
                        }
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

    /** A cut that hits nothing would prove nothing: after one before, it takes a moment until changes are followed again. */
    private static void cutWhatFollows(LiveReplication live, Written source, Random random) {
        if (random.nextBoolean()) {
            live.awaitInSync();
        }
        var killed = new AtomicLong();
        live.awaitReading("a connection to cut", reading -> killed.addAndGet(source.cut()) > 0);
        assertThat(killed).as("connections that the cut ended").hasPositiveValue();
    }
}
