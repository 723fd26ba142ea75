package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.value.EveryType;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.Relay;
import java.io.InputStream;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RedisLiveTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @BeforeEach
    void empty() throws Exception {
        RedisTarget.claim(redis.context());
    }

    private void assertEqualBothWays() throws Exception {
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, redis.target.dbSize() - 1);
    }

    @Test
    void whatIsInSyncSaysSoAtEveryLook() throws Exception {
        EveryType.fill(redis.source);
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            for (var look = 0; look < 400; look++) {
                if (look % 40 == 0) {
                    redis.source.incr("counter");
                }
                assertThat(live.progress.read()).matches(Progress.Reading::inSync);
                TimeUnit.MILLISECONDS.sleep(2);
            }
        }
    }

    @Test
    void everyTypeArrivesAndEveryKindOfChangeFollows() throws Exception {
        EveryType.fill(redis.source);
        redis.source.set("renamed", "1");
        redis.source.set("deleted", "1");
        redis.source.psetex("expiring", 1500, "1");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.rename("renamed", "other name");
            redis.source.del("deleted");
            redis.source.eval("redis.call('LPUSH', 'queue:default', 'by Lua') redis.call('DEL', 'bits')");
            redis.source.pexpireAt("feed:home:1", 4_102_444_800_999L);
            redis.source.persist("stream");
            try (var transaction = redis.source.multi()) {
                transaction.set("in a transaction", "1");
                transaction.hdel("hash:hashtable", "field 7");
                transaction.exec();
            }
            Awaitility.await("the target follows").atMost(Duration.ofSeconds(20)).until(() -> "1".equals(redis.target.get("other name"))
                    && !redis.target.exists("bits") && "1".equals(redis.target.get("in a transaction")) && !redis.target.exists("expiring") && !redis.source.exists("expiring"));
            redis.source.zincrby("zset:listpack", 0.25, "a");
            var report = live.drain();
            assertThat(report.outcome()).isEqualTo(WorkerReport.Outcome.SUCCEEDED);
            assertThat(report.figures()).containsEntry(Figure.KEYS, redis.source.dbSize()).containsEntry(Figure.DIFFERENCES, 0L).containsKeys(Figure.DRAIN_MILLISECONDS, Figure.VERIFY_MILLISECONDS);
            assertThat(live.progress.read().stage()).isEqualTo("drained");
            assertThat(redis.target.zscore("zset:listpack", "a")).isEqualTo(1.75);
        }
        assertEqualBothWays();
        assertThat(redis.source.keys("mastodon_migration:*")).isEmpty();
    }

    private static int timesRead() {
        return redis.source.info("commandstats").lines().filter(line -> line.startsWith("cmdstat_dump:")).map(line -> line.replaceAll("cmdstat_dump:calls=(\\d+),.*", "$1"))
                .mapToInt(Integer::parseInt).sum();
    }

    /** Each time takes tens of milliseconds, so without a rest it would be read a hundred times. */
    @Test
    void aLargeKeyThatChangesAllTheTimeIsNotReadAllTheTime() throws Exception {
        var noise = new byte[6_000_000];
        new Random(1).nextBytes(noise);
        redis.source.set(EveryType.bytes("hot"), noise);
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.configResetStat();
            var begun = System.nanoTime();
            for (var elapsed = 0L; elapsed < Duration.ofSeconds(3).toNanos() || timesRead() == 0; elapsed = System.nanoTime() - begun) {
                assertThat(elapsed).as("nanoseconds, and not read at all").isLessThan(Duration.ofMinutes(1).toNanos());
                redis.source.append("hot", "!");
                TimeUnit.MILLISECONDS.sleep(1);
            }
            assertThat(timesRead()).as("times read").isLessThanOrEqualTo((int) (5 * (System.nanoTime() - begun) / 1_000_000_000));
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(redis.target.strlen("hot")).isEqualTo(redis.source.strlen("hot"));
    }

    @Test
    void bothSidesMaySpeakTls() throws Exception {
        try (var secure = new RedisPair(RedisServer::startTls, RedisServer::startTls).start()) {
            secure.targetCa(secure.targetServer.certificate());
            RedisTarget.claim(secure.context());
            EveryType.fill(secure.source);
            secure.source.set(EveryType.bytes("large"), new byte[10 << 20]);
            try (var live = LiveReplication.start(secure.context()).awaitInSync()) {
                secure.source.lpush("queue:default", "one more");
                secure.source.del("bits");
                var report = live.drain();
                assertThat(report.figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, secure.source.dbSize());
                assertThat(report.notes()).isEmpty();
            }
            assertThat(secure.target.lindex("queue:default", 0)).isEqualTo("one more");
            assertThat(new RedisVerify().run(secure.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
    }

    @Test
    void writersDuringTheCopyLoseNothing() throws Exception {
        for (int i = 0; i < 50_000; i++) {
            redis.source.set("cache:" + i, "value " + i);
            if (i % 100 == 99) {
                redis.source.rpush("queue:default", "job " + i);
            }
        }
        var stopped = new AtomicBoolean();
        var writes = new AtomicInteger();
        var writer = Thread.ofPlatform().start(() -> {
            try (var jedis = redis.sourceServer.connect()) {
                while (!stopped.get()) {
                    var i = writes.incrementAndGet();
                    jedis.set("cache:" + i * 7919L % 60_000, "newer " + i);
                    jedis.del("cache:" + i * 104729L % 60_000);
                    jedis.lpush("queue:default", "job of " + i);
                    jedis.rpop("queue:default");
                    jedis.zadd("feed:home:" + i % 50, 113_456_789_012_345_678d + i, "status " + i);
                }
            }
        });
        try (var live = LiveReplication.start(redis.context())) {
            live.awaitInSync();
            var seen = writes.get();
            Awaitility.await("writes while in sync").until(() -> writes.get() > seen + 3000);
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
    void processKeysStayBehindAlsoWhenProcessesComeAndGo() throws Exception {
        redis.source.lpush("queue:default", "{}");
        redis.source.sadd("queues", "default");
        heartbeat("worker.1:4:0123456789ab");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            heartbeat("worker.2:4:ba9876543210");
            redis.source.srem("processes", "worker.1:4:0123456789ab");
            redis.source.set("marker of order", "1");
            Awaitility.await("the target follows").until(() -> redis.target.exists("marker of order"));
            assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 3L);
        }
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("queue:default", "queues", "marker of order", "mastodon_migration:marker");
    }

    private void heartbeat(String identity) {
        redis.source.sadd("processes", identity);
        redis.source.hset(identity, Map.of("beat", "1", "busy", "0"));
        redis.source.hset(identity + ":work", "tid", "{}");
    }

    @Test
    void strayKeysOfAnEarlierAttemptAreRemoved() throws Exception {
        redis.target.set(Marker.KEY.bytes(), Marker.read(redis.target).orElseThrow().in(Marker.State.LOADING).bytes());
        redis.source.set("kept", "1");
        redis.target.lpush("queue:default", "a job that ran long ago");
        redis.target.set("kept", "old");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            live.drain();
        }
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("kept", "mastodon_migration:marker");
    }

    @Test
    void aWriterThatWasNotStoppedIsNamedAndNothingIsOpened() throws Exception {
        redis.source.set("kept", "1");
        var stopped = new AtomicBoolean();
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            var writer = Thread.ofPlatform().start(() -> {
                try (var jedis = redis.sourceServer.connect()) {
                    while (!stopped.get()) {
                        jedis.incr("still counting");
                    }
                }
            });
            Awaitility.await().until(() -> redis.source.exists("still counting"));
            assertThatThrownBy(live::drain).isInstanceOf(Refusal.class).hasMessageContaining("\"still counting\" changed after writing was to have ended");
            stopped.set(true);
            writer.join();
        } finally {
            stopped.set(true);
        }
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).hasMessageContaining("not been copied to its end");
    }

    @Test
    void aSecondWorkerOfTheSameEpochTakesOverAndTheFirstEnds() throws Exception {
        redis.source.set("key", "1");
        try (var first = LiveReplication.start(redis.context()).awaitInSync(); var second = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.set("key", "2");
            assertThatThrownBy(first::report).isInstanceOf(Refusal.class).hasMessageContaining("taken over by another worker");
            assertThat(second.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(redis.target.get("key")).isEqualTo("2");
    }

    @Test
    void aTargetThatWasTakenOverIsNotWrittenTo() throws Exception {
        redis.source.set("kept", "1");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.target.set("mastodon_migration:marker", "{\"uid\":\"" + RedisPair.OTHER_UID + "\",\"name\":\"mastodon/other\",\"state\":\"CLAIMED\",\"epoch\":1}");
            redis.source.set("kept", "2");
            assertThatThrownBy(live::report).isInstanceOf(Refusal.class).hasMessageContaining("The marker on the target Redis is no longer this worker's, of epoch 1");
            assertThat(redis.target.get("kept")).isEqualTo("1");
        }
    }

    /** @param delay of each answer, asked anew for each */
    private static Relay late(Supplier<Duration> delay) throws Exception {
        var address = Relay.to(redis.sourceServer.port(), InputStream::transferTo, (from, to) -> {
            var buffer = new byte[1 << 16];
            for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
                LockSupport.parkNanos(delay.get().toNanos());
                to.write(buffer, 0, read);
            }
        });
        redis.source("redis://:" + redis.sourceServer.password() + "@127.0.0.1:" + address.port());
        return address;
    }

    @Test
    void aSourceThatAnswersSlowlyIsReadAtAPaceThatSparesIt() throws Exception {
        redis.source.eval("for i = 1, 3000 do redis.call('SET', 'key:' .. i, i) end");
        var delay = new AtomicReference<>(Duration.ZERO);
        try (var address = late(delay::get)) {
            try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
                delay.set(Duration.ofMillis(60));
                live.awaitReading("told", reading -> reading.stage().equals("in sync, by CLIENT TRACKING, at a pace that spares its users"));
                delay.set(Duration.ZERO);
                live.awaitReading("full pace again", reading -> reading.stage().equals("in sync, by CLIENT TRACKING"));
                assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
            }
        } finally {
            redis.source(redis.sourceServer.url());
        }
    }

    @Test
    void aSourceInAnotherRegionIsReadAtFullPace() throws Exception {
        redis.source.eval("for i = 1, 3000 do redis.call('SET', 'key:' .. i, i) end");
        try (var address = late(() -> Duration.ofMillis(35)); var live = LiveReplication.start(redis.context())) {
            var stages = new HashSet<String>();
            live.awaitReading("in sync", reading -> {
                stages.add(reading.stage());
                return reading.inSync();
            });
            assertThat(stages).filteredOn(stage -> stage.startsWith("copying")).isNotEmpty().allMatch("copying"::equals);
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        } finally {
            redis.source(redis.sourceServer.url());
        }
    }

    /** What users change is applied, but not faster than a source that is busy can tell it. */
    @Test
    void aSourceThatIsBusyIsAskedLessOftenForWhatChanges() throws Exception {
        var delay = new AtomicReference<>(Duration.ZERO);
        redis.source.set("busy", "0");
        try (var address = late(delay::get); var live = LiveReplication.start(redis.context()).awaitInSync()) {
            delay.set(Duration.ofMillis(60));
            live.awaitReading("told", reading -> reading.stage().endsWith("at a pace that spares its users"));
            redis.source.configResetStat();
            var began = System.nanoTime();
            for (long spared = 0; spared < Duration.ofSeconds(2).toNanos(); spared = System.nanoTime() - began) {
                redis.source.incr("busy");
                TimeUnit.MILLISECONDS.sleep(1);
            }
            // Each reading takes three answers of 60 ms to be told, so without a rest there would be about ten.
            var dumps = redis.source.info("commandstats").lines().filter(line -> line.startsWith("cmdstat_dump:"))
                    .mapToInt(line -> Integer.parseInt(line.replaceAll("cmdstat_dump:calls=(\\d+),.*", "$1"))).sum();
            assertThat(dumps).as("times read in two seconds").isLessThan(6);
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
            assertThat(redis.target.get("busy")).isEqualTo(redis.source.get("busy"));
        } finally {
            redis.source(redis.sourceServer.url());
        }
    }
}
