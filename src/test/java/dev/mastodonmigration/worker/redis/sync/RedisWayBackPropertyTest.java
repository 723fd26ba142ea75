package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.value.RandomCommands;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import org.awaitility.core.TerminalFailureException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;

/** A moved instance is followed backwards, to one old Redis or two, whatever is written, cut, killed or crashes meanwhile. */
class RedisWayBackPropertyTest {
    private static final int COMMANDS = 2500;
    private static final String HELD = "mastodon_migration:aside:";

    static LongStream seeds() {
        var one = Long.getLong("redis.back.seed");
        return one != null ? LongStream.of(one) : new Random().longs(Integer.getInteger("redis.back.seeds", 20));
    }

    @ParameterizedTest(name = "-Dredis.back.seed={0}")
    @MethodSource("seeds")
    void whatIsFollowedBackwardsEndsEqual(long seed) throws Exception {
        var random = new Random(seed);
        try (var redis = new RedisPair(RedisWayBackPropertyTest::lasting, RedisWayBackPropertyTest::lasting).start()) {
            if (random.nextBoolean()) {
                try (var sidekiq = lasting()) {
                    redis.sourceOfSidekiq(sidekiq.url());
                    followed(redis, List.of(redis.sourceServer, sidekiq), random);
                }
            } else {
                followed(redis, List.of(redis.sourceServer), random);
            }
        } catch (Exception | AssertionError e) {
            throw new AssertionError("Again: -Dredis.back.seed=" + seed + ", because of " + e, e);
        }
    }

    private static RedisServer lasting() {
        return RedisServer.start("appendonly yes");
    }

    private static void followed(RedisPair redis, List<RedisServer> old, Random random) throws Exception {
        write(old.getFirst(), new RandomCommands(random.nextLong(), ""), 300);
        write(old.getLast(), new RandomCommands(random.nextLong(), "queue:"), 100);
        var context = redis.context();
        RedisTarget.claim(context);
        new RedisSnapshotCopy().run(context);
        new OpenRedis().run(context);
        new AdoptRedis().run(context);
        var writing = List.of(new RandomCommands(random.nextLong(), ""), new RandomCommands(random.nextLong(), "queue:"));
        try (var back = new Worker(context)) {
            for (int done = 0; done < COMMANDS;) {
                var some = 1 + random.nextInt(600);
                write(redis.targetServer, writing.get(random.nextInt(2)), some);
                done += some;
                switch (random.nextInt(6)) {
                    case 0 -> cut(redis.targetServer);
                    case 1 -> cut(old.get(random.nextInt(old.size())));
                    case 2 -> crash(redis.targetServer);
                    case 3 -> crash(old.get(random.nextInt(old.size())));
                    case 4 -> back.awaitInSync();
                    default -> back.replace();
                }
            }
            write(redis.targetServer, writing.getFirst(), 50);
            assertThat(back.awaitInSync().drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(new RedisVerify(Direction.BACK).run(context).figures()).containsEntry(Figure.DIFFERENCES, 0L);
        assertThat(OldRedis.giveBack(context)).isEmpty();
        assertSame(redis.targetServer, old);
    }

    /** As the operator keeps one: another follows one that ends because a server could not be reached. */
    private static final class Worker implements AutoCloseable {
        private final WorkerContext context;
        private LiveReplication live;

        Worker(WorkerContext context) {
            this.context = context;
            this.live = start();
        }

        private LiveReplication start() {
            return LiveReplication.start(context, new ReplicateRedis(Direction.BACK));
        }

        void replace() throws InterruptedException {
            live.close();
            live = start();
        }

        LiveReplication awaitInSync() throws Exception {
            for (int tries = 0;; tries++) {
                try {
                    return live.awaitInSync();
                } catch (TerminalFailureException ended) {
                    assertThat(catchThrowable(live::report)).isNotInstanceOf(Refusal.class);
                    assertThat(tries).isLessThan(10);
                    replace();
                }
            }
        }

        @Override
        public void close() throws InterruptedException {
            live.close();
        }
    }

    private static void write(RedisServer server, RandomCommands commands, int count) {
        try (var jedis = server.connect()) {
            for (int i = 0; i < count; i++) {
                commands.one(jedis);
            }
        }
    }

    /** All connections but this one, as a proxy or a network that fails. */
    private static void cut(RedisServer server) {
        try (var jedis = server.connect()) {
            jedis.sendCommand(Command.CLIENT, "KILL", "SKIPME", "yes");
        }
    }

    /** What it has acknowledged is in its file. */
    private static void crash(RedisServer server) {
        server.kill();
        server.restart();
    }

    /** By other means than the product's, and under the names that Mastodon knows. */
    private static void assertSame(RedisServer target, List<RedisServer> old) {
        try (var there = target.connect(); var main = old.getFirst().connect(); var sidekiq = old.getLast().connect()) {
            var here = old.size() == 1 ? List.of(main) : List.of(main, sidekiq);
            for (var name : names(there)) {
                var holding = here.stream().filter(jedis -> jedis.exists(name)).toList();
                var followed = holding.stream().map(jedis -> content(jedis, name)).toList();
                var queued = sidekiq.exists(name);
                var wanted = content(there, name);
                // It may have expired a moment ago, before any of these was asked or between them.
                if (there.exists(name)) {
                    assertThat(followed).as(name).containsExactly(wanted);
                    assertThat(queued || !name.startsWith("queue:")).as("where " + name + " belongs").isTrue();
                }
            }
            for (var jedis : here) {
                assertThat(names(jedis)).allMatch(name -> there.exists(name) || !jedis.exists(name));
            }
        }
    }

    private static List<String> names(Jedis jedis) {
        return jedis.keys("*").stream().filter(name -> !name.startsWith("mastodon_migration:") || name.startsWith(HELD)).toList();
    }

    private static Optional<Object> content(Jedis jedis, String name) {
        return switch (jedis.type(name)) {
            case "string" -> Optional.of(Arrays.hashCode(withoutCount(jedis.get(name.getBytes(StandardCharsets.UTF_8)))));
            case "list" -> Optional.of(jedis.lrange(name, 0, -1));
            case "set" -> Optional.of(jedis.smembers(name));
            case "hash" -> Optional.of(jedis.hgetAll(name));
            case "zset" -> Optional.of(jedis.zrangeWithScores(name, 0, -1));
            case "stream" -> Optional.of(jedis.xlen(name));
            default -> Optional.empty();
        };
    }

    /** A HyperLogLog remembers its last count in bytes 8 to 15. */
    private static byte[] withoutCount(byte[] value) {
        if (new String(value, StandardCharsets.ISO_8859_1).startsWith("HYLL")) {
            Arrays.fill(value, 8, 16, (byte) 0);
        }
        return value;
    }
}
