package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.value.EveryType;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A source with {@code SIDEKIQ_REDIS_URL}, followed while it runs: two Redis become one. */
class RedisLiveOfSidekiqTest {
    private static final String PROCESS = "worker.1:4:0123456789ab";
    @RegisterExtension
    static final RedisPair redis = RedisPair.withOneOfSidekiq();

    @BeforeEach
    void fill() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.zadd("feed:home:1", 1, "status");
        redis.source.setex("cache:1", 1000, "value");
        redis.sidekiq.sadd("queues", "default");
        redis.sidekiq.rpush("queue:default", "{\"jid\":\"a\"}", "{\"jid\":\"b\"}");
        redis.sidekiq.zadd("schedule", 2, "{\"jid\":\"c\"}");
        heartbeat(PROCESS);
    }

    private static void heartbeat(String identity) {
        redis.sidekiq.sadd("processes", identity);
        redis.sidekiq.hset(identity, Map.of("beat", "1", "busy", "0"));
        redis.sidekiq.hset(identity + ":work", "tid", "{}");
    }

    private static LiveReplication inSync() {
        return LiveReplication.start(redis.context()).awaitReading("in sync with both", reading -> reading.inSync() && reading.redis().contains("of Sidekiq"));
    }

    private static void awaitOnTarget(String what, Callable<Boolean> there) {
        Awaitility.await(what).atMost(Duration.ofSeconds(20)).until(there);
    }

    private static void assertEqualBothWays() throws Exception {
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, redis.target.dbSize() - 1);
    }

    @Test
    void bothAreCopiedAndFollowedAndProvedEqual() throws Exception {
        try (var live = inSync()) {
            assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("feed:home:1", "cache:1", "queues", "queue:default", "schedule", "mastodon_migration:marker");
            redis.source.zadd("feed:home:2", 1, "another");
            redis.source.del("cache:1");
            redis.sidekiq.lpop("queue:default");
            redis.sidekiq.rename("schedule", "retry");
            heartbeat("worker.2:4:ba9876543210");
            awaitOnTarget("the changes of both", () -> redis.target.exists("feed:home:2") && !redis.target.exists("cache:1") && redis.target.llen("queue:default") == 1
                    && redis.target.exists("retry") && !redis.target.exists("schedule"));
            redis.sidekiq.rpush("queue:mailers", "{\"jid\":\"the last\"}");
            redis.source.set("the last", "1");
            assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 7L).containsEntry(Figure.DIFFERENCES, 0L);
            assertThat(live.drain().notes()).isEmpty();
        }
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("feed:home:1", "feed:home:2", "the last", "queues", "queue:default", "queue:mailers", "retry", "mastodon_migration:marker");
        assertThat(redis.source.keys("mastodon_migration:*")).isEqualTo(redis.sidekiq.keys("mastodon_migration:*")).isEmpty();
        assertEqualBothWays();
    }

    @Test
    void everyTypeAndALargeValueComeFromEither() throws Exception {
        redis.source.del("feed:home:1");
        EveryType.fill(redis.sidekiq);
        for (int i = 0; i < 9; i++) {
            redis.source.append("large", "x".repeat(1 << 20));
            redis.sidekiq.append("uniquejobs:large", "y".repeat(1 << 20));
        }
        try (var live = inSync()) {
            redis.sidekiq.append("uniquejobs:large", "end");
            redis.source.append("large", "end");
            redis.sidekiq.xgroupCreateConsumer("stream", "group", "another consumer");
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(redis.target.strlen("uniquejobs:large")).isEqualTo(redis.sidekiq.strlen("uniquejobs:large"));
        assertThat(redis.target.strlen("large")).isEqualTo(redis.source.strlen("large"));
        assertEqualBothWays();
    }

    @Test
    void whatOnlyTheTargetHasIsRemovedAndWhatOneOfTheTwoHasStays() throws Exception {
        redis.target.set(Marker.KEY.bytes(), Marker.read(redis.target).orElseThrow().in(Marker.State.LOADING).bytes());
        redis.target.lpush("queue:old", "a job that ran long ago");
        redis.target.hset(PROCESS, "beat", "1");
        redis.target.set("feed:home:1", "of another type");
        try (var live = inSync()) {
            live.drain();
        }
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("feed:home:1", "cache:1", "queues", "queue:default", "schedule", "mastodon_migration:marker");
        assertEqualBothWays();
    }

    @Test
    void aKeyThatMovesToTheOtherIsReadThere() throws Exception {
        try (var live = inSync()) {
            redis.source.set("stat:processed", "7");
            awaitOnTarget("what the main one has", () -> "7".equals(redis.target.get("stat:processed")));
            redis.sidekiq.set("stat:processed", "8");
            redis.source.del("stat:processed");
            awaitOnTarget("what Sidekiq's has", () -> "8".equals(redis.target.get("stat:processed")));
            assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 6L);
        }
        assertEqualBothWays();
    }

    /** The drain waits for what both still have to tell. */
    @Test
    void aBurstOnSidekiqsOwnRightBeforeTheDrainIsDrained() throws Exception {
        setAll("before");
        try (var live = inSync()) {
            setAll("right before the drain");
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertEqualBothWays();
    }

    private static void setAll(String value) {
        try (var pipeline = redis.sidekiq.pipelined()) {
            IntStream.range(0, 40_000).forEach(i -> pipeline.set("stat:" + i, value));
        }
    }

    /** For a moment both have it, or neither. */
    @Test
    void keysThatMoveToAndFroAreReadWhereTheyEnd() throws Exception {
        var seed = new Random().nextLong();
        var random = new Random(seed);
        try (var live = inSync()) {
            for (int i = 0; i < 4000; i++) {
                var name = "moving:" + random.nextInt(20);
                var sources = random.nextInt(2) == 0 ? List.of(redis.source, redis.sidekiq) : List.of(redis.sidekiq, redis.source);
                if (random.nextInt(2) == 0) {
                    sources.getFirst().set(name, "value " + i);
                    sources.getLast().del(name);
                } else {
                    sources.getLast().del(name);
                    sources.getFirst().set(name, "value " + i);
                }
            }
            assertThat(live.drain().figures()).as("seed " + seed).containsEntry(Figure.DIFFERENCES, 0L);
            assertThat(live.drain().notes()).as("seed " + seed).isEmpty();
        }
        assertEqualBothWays();
    }

    @Test
    void aNameThatComesToBeInBothIsRefusedInTheDrain() throws Exception {
        try (var live = inSync()) {
            redis.sidekiq.set("stat:processed", "8");
            awaitOnTarget("what Sidekiq's has", () -> redis.target.exists("stat:processed"));
            redis.source.set("stat:processed", "7");
            assertThatThrownBy(live::drain).isInstanceOf(Refusal.class).hasMessageContaining("both hold 1 key, \"stat:processed\"");
        }
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).hasMessageContaining("not been copied to its end");
    }

    @Test
    void jobsThatComeToBeInTheMainOneAreRefusedInTheDrain() throws Exception {
        try (var live = inSync()) {
            redis.source.lpush("queue:mailers", "{\"jid\":\"of a process with another environment\"}");
            assertThatThrownBy(live::drain).isInstanceOf(Refusal.class).hasMessageContaining("main Redis holds 1 key, \"queue:mailers\"");
        }
    }

    @Test
    void whatCanNotBecomeOneIsRefusedBeforeAnythingIsCopied() {
        redis.source.set("stat:processed", "7");
        redis.sidekiq.set("stat:processed", "8");
        assertThatThrownBy(() -> new ReplicateRedis().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("both hold 1 key, \"stat:processed\"");
        assertThat(redis.target.dbSize()).as("our marker").isEqualTo(1);
    }

    /** Our own keys are in both while both are followed. */
    @Test
    void theLookBeforeTheClockFindsNoConflictInWhatWeWrote() throws Exception {
        try (var live = inSync()) {
            assertThat(redis.source.keys("mastodon_migration:canary:*")).hasSize(1).doesNotContainAnyElementsOf(redis.sidekiq.keys("mastodon_migration:canary:*"));
            assertThat(RedisCapacity.check(redis.context(), KeyScope.ALL).blockers()).isEmpty();
            live.drain();
        }
    }

    @Test
    void aFlushOfSidekiqsOwnLeavesNothingOfItAndAllOfTheMainOne() throws Exception {
        try (var live = inSync()) {
            redis.sidekiq.flushDB();
            redis.sidekiq.rpush("queue:mailers", "{\"jid\":\"after\"}");
            awaitOnTarget("nothing stale", () -> !redis.target.exists("queue:default") && redis.target.exists("queue:mailers"));
            live.awaitInSync();
            assertThat(live.drain().notes()).anyMatch(note -> note.contains("flushed"));
        }
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("feed:home:1", "cache:1", "queue:mailers", "mastodon_migration:marker");
        assertEqualBothWays();
    }

    @Test
    void aGapOfSidekiqsOwnIsAGap() throws Exception {
        try (var live = inSync()) {
            assertThat(LiveReplication.cutTracking(redis.sidekiq)).isEqualTo(1);
            redis.sidekiq.lpop("queue:default");
            live.awaitReading("no longer in sync", reading -> !reading.inSync()).awaitInSync();
            assertThat(live.drain().notes()).anyMatch(note -> note.startsWith("Changes may have been missed, so everything was compared again"));
        }
        assertThat(redis.target.lrange("queue:default", 0, -1)).containsExactly("{\"jid\":\"b\"}");
        assertEqualBothWays();
    }

    @Test
    void aWriterThatWasNotStoppedIsNamedWithItsRedis() throws Exception {
        var stopped = new AtomicBoolean();
        try (var live = inSync()) {
            var writer = Thread.ofPlatform().start(() -> {
                try (var jedis = redis.sidekiqServer.connect()) {
                    while (!stopped.get()) {
                        jedis.incr("still counting");
                    }
                }
            });
            try {
                Awaitility.await().until(() -> redis.sidekiq.exists("still counting"));
                assertThatThrownBy(live::drain).isInstanceOf(Refusal.class).hasMessageContaining("The source Redis of Sidekiq is still written to: \"still counting\"");
            } finally {
                stopped.set(true);
                writer.join();
            }
        }
    }

    /** A change of one that comes before the scan of the other must not make the target look as if it had been filled before. */
    @Test
    void bothAreCopiedAsToAnEmptyTargetAlthoughTheyAreWrittenToMeanwhile() throws Exception {
        var stopped = new AtomicBoolean();
        var many = "for i = 1, 20000 do redis.call('SET', KEYS[1] .. i, i) end";
        redis.source.eval(many, List.of("cache:"), List.of());
        redis.sidekiq.eval(many, List.of("stat:"), List.of());
        var writer = Thread.ofPlatform().start(() -> {
            try (var main = redis.sourceServer.connect(); var other = redis.sidekiqServer.connect()) {
                while (!stopped.get()) {
                    main.incr("written:main");
                    other.incr("written:other");
                }
            }
        });
        try (var live = LiveReplication.start(redis.context()).awaitReading("a copy, not a comparison", reading -> reading.stage().startsWith("copying"))) {
            live.awaitInSync();
            stopped.set(true);
            writer.join();
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        } finally {
            stopped.set(true);
            writer.join();
        }
        assertEqualBothWays();
    }

    @Test
    void aSecondRedisThatAppearsIsFollowedFromThenOn() throws Exception {
        redis.noSourceOfSidekiq();
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            assertThat(live.progress.read()).matches(reading -> !reading.redis().contains("of Sidekiq"));
            assertThat(redis.target.exists("queue:default")).isFalse();
            redis.sourceOfSidekiq(redis.sidekiqServer.url());
            live.awaitReading("in sync with both", reading -> reading.inSync() && reading.redis().contains("of Sidekiq"));
            assertThat(redis.target.llen("queue:default")).isEqualTo(2);
            redis.sidekiq.lpop("queue:default");
            assertThat(live.drain().notes()).anyMatch(note -> note.contains("Mastodon uses other Redis than before"));
        }
        assertThat(redis.target.lrange("queue:default", 0, -1)).containsExactly("{\"jid\":\"b\"}");
        assertEqualBothWays();
    }

    @Test
    void aSecondRedisThatAppearsRightBeforeTheDrainIsNotForgotten() throws Exception {
        redis.noSourceOfSidekiq();
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.sourceOfSidekiq(redis.sidekiqServer.url());
            assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 5L);
        }
        assertThat(redis.target.llen("queue:default")).isEqualTo(2);
        assertEqualBothWays();
    }

    @Test
    void aSecondRedisThatIsNoLongerUsedLeavesNothing() throws Exception {
        try (var live = inSync()) {
            redis.noSourceOfSidekiq();
            redis.source.rpush("queue:default", "{\"jid\":\"d\"}");
            live.awaitReading("in sync with one", reading -> reading.inSync() && !reading.redis().contains("of Sidekiq"));
            assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 3L);
        }
        assertThat(redis.target.lrange("queue:default", 0, -1)).containsExactly("{\"jid\":\"d\"}");
        assertEqualBothWays();
    }

    @Test
    void twoDatabasesOfOneServerAreFollowedByTracking() throws Exception {
        redis.sourceOfSidekiq(redis.sourceServer.url() + "/3");
        try (var other = redis.sourceServer.connect()) {
            other.select(3);
            other.rpush("queue:default", "{\"jid\":\"a\"}");
            try (var live = inSync()) {
                assertThat(live.progress.read()).satisfies(reading -> assertThat(reading.stage()).startsWith("in sync, by CLIENT TRACKING"));
                other.rpush("queue:default", "{\"jid\":\"b\"}");
                redis.source.set("later", "1");
                awaitOnTarget("the changes of both", () -> redis.target.llen("queue:default") == 2 && redis.target.exists("later"));
                assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 4L);
            }
        }
        assertThat(redis.source.configGet("notify-keyspace-events").get("notify-keyspace-events")).as("put back").isEmpty();
        assertEqualBothWays();
    }

    @Test
    void whereOneTellsNothingBothAreScannedAgainAndAgain() throws Exception {
        try (var silent = RedisServer.start("rename-command HELLO \"\"", "rename-command PSUBSCRIBE \"\""); var jedis = silent.connect()) {
            jedis.rpush("queue:default", "{\"jid\":\"a\"}");
            redis.sourceOfSidekiq(silent.url());
            try (var live = inSync()) {
                assertThat(live.progress.read().stage()).contains("repeated scans");
                jedis.rpush("queue:default", "{\"jid\":\"b\"}");
                redis.source.set("later", "1");
                assertThat(live.drain().notes()).anyMatch(note -> note.contains("The source Redis of Sidekiq does not let us follow its changes by keyspace notifications"));
            }
            assertThat(redis.target.llen("queue:default")).isEqualTo(2);
            assertEqualBothWays();
        }
    }
}
