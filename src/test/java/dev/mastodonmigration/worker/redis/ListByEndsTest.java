package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

class ListByEndsTest {
    private static final RedisKey KEY = RedisKey.of("queue:default");
    private static final String NAME = "queue:default";
    /** Pages of a thousand elements. */
    private static final long BYTES = 5 << 20;

    @TempDir
    static Path directory;
    private static RedisPair redis;
    private final List<Runnable> betweenPages = new ArrayList<>();
    private final List<RedisKey> followed = new ArrayList<>();
    private boolean suspect;
    private boolean resting;
    private GuardedWriter writer;
    private Jedis reading;
    private ListByEnds lists;

    @BeforeAll
    static void start() {
        redis = RedisPair.start(directory);
    }

    @AfterAll
    static void stop() {
        redis.close();
    }

    @BeforeEach
    void open() throws Exception {
        redis.empty();
        RedisTarget.claim(redis.context());
        writer = new GuardedWriter(RedisSide.TARGET.open(redis.context()), new MarkedTarget(redis.target, redis.context(), "target").ours());
        reading = RedisSide.SOURCE.open(redis.context());
        lists = new ListByEnds(reading, writer, new LargeKeys() {
            @Override
            public void move(RedisKey key) {}

            @Override
            public void moved(RedisKey key, long restNanos) {}

            @Override
            public void between() {
                if (!betweenPages.isEmpty()) {
                    betweenPages.removeFirst().run();
                }
            }

            @Override
            public void followed(RedisKey key) {
                followed.add(key);
            }

            @Override
            public boolean isSuspect(RedisKey key) {
                return suspect;
            }

            @Override
            public boolean mayRest() {
                return resting;
            }
        });
        push(IntStream.range(0, 5000).mapToObj(i -> "job " + i).toList());
    }

    @AfterEach
    void close() {
        writer.close();
        reading.close();
    }

    private static void push(List<String> elements) {
        redis.source.rpush(NAME, elements.toArray(String[]::new));
    }

    private void bring() throws Exception {
        assertThat(lists.bring(KEY, BYTES)).isPresent();
    }

    private static void assertSame() {
        assertThat(redis.target.lrange(NAME, 0, -1)).isEqualTo(redis.source.lrange(NAME, 0, -1));
    }

    private static long timesBroughtWhole() {
        return redis.target.info("commandstats").lines().filter(line -> line.startsWith("cmdstat_unlink:")).mapToLong(line -> Long.parseLong(line.replaceAll("cmdstat_unlink:calls=(\\d+),.*", "$1"))).sum();
    }

    private static void change(Random random, int round) {
        for (int i = random.nextInt(30); i > 0; i--) {
            var job = random.nextInt(5) == 0 ? "the same" : "new job " + round + " " + i;
            switch (random.nextInt(4)) {
                case 0 -> redis.source.lpush(NAME, job);
                case 1 -> redis.source.rpush(NAME, job);
                case 2 -> redis.source.lpop(NAME);
                default -> redis.source.rpop(NAME);
            }
        }
    }

    @Test
    void whateverIsPushedAndPoppedAtEitherEndFollows() throws Exception {
        redis.target.configResetStat();
        bring();
        var seed = new Random().nextLong();
        var random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            change(random, round);
            bring();
            assertThat(redis.target.lrange(NAME, 0, -1)).as("seed " + seed + ", round " + round).isEqualTo(redis.source.lrange(NAME, 0, -1));
        }
        assertThat(timesBroughtWhole()).isEqualTo(1);
        assertThat(followed).contains(KEY);
    }

    @Test
    void manyMoreThanAreLookedAtFirstFollowToo() throws Exception {
        bring();
        redis.target.configResetStat();
        IntStream.range(0, 400).forEach(i -> redis.source.lpush(NAME, "more " + i));
        redis.source.rpop(NAME, 300);
        bring();
        assertSame();
        assertThat(timesBroughtWhole()).isZero();
    }

    @Test
    void aListThatChangesBetweenItsPagesArrivesAsItIsInTheEnd() throws Exception {
        for (int page = 0; page < 4; page++) {
            var first = page;
            betweenPages.add(() -> {
                IntStream.range(0, first == 2 ? 700 : 20).forEach(i -> redis.source.lpush(NAME, "pushed " + first + " " + i));
                redis.source.rpop(NAME, 500);
                if (first == 3) {
                    redis.source.lpop(NAME, 15);
                }
            });
        }
        bring();
        assertThat(betweenPages).isEmpty();
        assertSame();
    }

    @Test
    void aListThatShrinksBelowWhatHasArrivedAlreadyArrivesShort() throws Exception {
        betweenPages.add(() -> {});
        betweenPages.add(() -> redis.source.ltrim(NAME, 0, 1499));
        bring();
        assertThat(redis.target.llen(NAME)).isEqualTo(1500);
        assertSame();
    }

    @Test
    void elementsThatAreAllTheSameFollow() throws Exception {
        redis.source.del(NAME);
        push(IntStream.range(0, 3000).mapToObj(i -> "x").toList());
        bring();
        redis.source.lpush(NAME, "x", "x", "x");
        redis.source.rpop(NAME);
        bring();
        assertSame();
    }

    @Test
    void aRemovalInTheMiddleShowsInTheLengthAndTheListComesWhole() throws Exception {
        bring();
        redis.source.lrem(NAME, 1, "job 2500");
        redis.source.lpush(NAME, "and one more");
        bring();
        assertSame();
    }

    @Test
    void aListThatProvedDifferentAlthoughItsEndsAreTheSameComesWhole() throws Exception {
        bring();
        redis.source.lset(NAME, 2500, "another job");
        bring();
        assertThat(redis.target.lindex(NAME, 2500)).as("not seen at the ends").isEqualTo("job 2500");
        suspect = true;
        bring();
        assertSame();
    }

    @Test
    void whatHadToComeWholeRestsBeforeItDoesAgain() throws Exception {
        bring();
        resting = true;
        redis.source.lrem(NAME, 1, "job 2500");
        assertThat(lists.bring(KEY, BYTES).orElseThrow()).isPositive();
        assertThat(redis.target.llen(NAME)).as("not yet").isEqualTo(5000);
        resting = false;
        bring();
        assertSame();
    }

    @Test
    void aTargetThatIsAnothersByNowIsNotWrittenTo() throws Exception {
        bring();
        redis.source.lpush(NAME, "one more");
        redis.target.set(Marker.KEY.bytes(), EveryType.bytes("another's"));
        assertThatThrownBy(this::bring).isInstanceOf(Refusal.class).hasMessageContaining("no longer this worker's");
        assertThat(redis.target.llen(NAME)).isEqualTo(5000);
    }

    @Test
    void aSourceWithoutTransactionsIsLeftToTheOtherWays() throws Exception {
        redis.source.aclSetUser("limited", "on", ">secret", "~*", "&*", "+@all", "-multi");
        try (var limited = redis.sourceServer.connect()) {
            limited.auth("limited", "secret");
            assertThat(new ListByEnds(limited, writer, LargeKeys.ALONE).bring(KEY, BYTES)).isEqualTo(Optional.empty());
        }
        assertThat(redis.target.exists(NAME)).isFalse();
    }
}
