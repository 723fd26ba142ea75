package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;

/** What the freeze has to look at once more, because the two sides do not count as many keys, and what it has not. */
class RedisLiveCountTest {
    private static final String NEVER_REMOVED_BEFORE_READ = "enable-debug-command local";
    @RegisterExtension
    static final RedisPair redis = new RedisPair(() -> RedisServer.start(NEVER_REMOVED_BEFORE_READ), RedisServer::start);

    @BeforeEach
    void fill() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("kept", "1");
        redis.source.rpush("queue:default", "a job");
    }

    private static void expireActively(boolean wanted) {
        redis.source.sendCommand(() -> "DEBUG".getBytes(StandardCharsets.US_ASCII), "SET-ACTIVE-EXPIRE", wanted ? "1" : "0");
    }

    @Test
    void keysThatAreOverAndThatOneServerHasNotRemovedYetAreNoReasonToCompareAll() throws Exception {
        expireActively(false);
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.eval("for i = 1, 100 do redis.call('SET', 'cache:' .. i, i, 'PX', 300) end", List.of(), List.of());
            Awaitility.await().until(() -> redis.target.dbSize() > 50);
            Awaitility.await().until(() -> redis.target.dbSize() < 10);
            assertThat(redis.source.dbSize()).as("over, and still counted there").isGreaterThan(100);
            assertThat(live.drain().notes()).isEmpty();
        } finally {
            expireActively(true);
        }
    }

    @Test
    void cacheThatTheTargetsOwnWebProcessesWroteIsRemovedInTheFreeze() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.target.set("cache:views/1", "by the target's web");
            redis.target.setex("cache:rack::attack:1", 1000, "by the target's web");
            var report = live.drain();
            assertThat(report.figures()).containsEntry(Figure.DIFFERENCES, 0L);
            assertThat(report.notes()).singleElement().asString().contains("only the target Redis has");
        }
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("kept", "queue:default", "mastodon_migration:marker");
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    @Test
    void aJobThatOnlyTheTargetHasIsNeitherRemovedNorCalledEqual() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.target.set("cache:views/1", "by the target's web");
            redis.target.rpush("queue:other", "by the target's web");
            assertThatThrownBy(live::drain).isInstanceOf(Refusal.class).hasMessageContaining("\"queue:other\" (only the target Redis has it)");
        }
        assertThat(redis.target.lrange("queue:other", 0, -1)).containsExactly("by the target's web");
    }

    /** Proved long before: but a job too many is a job run twice, and one too few is lost. */
    @Test
    void jobsAreComparedAgainWhateverWasProved() throws Exception {
        redis.source.sadd("queues", "default");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.target.lset("queue:default", 0, "another job");
            assertThatThrownBy(live::drain).isInstanceOf(Refusal.class).hasMessageContaining("\"queue:default\" (its value differs)");
        }
    }

    /** Sidekiq's own keys about a process: all expire but for the moment in which it writes them. */
    @Test
    void keysThatAreLeftBehindAndExpireDoNotCountEither() throws Exception {
        redis.source.sadd("processes", "host:1:abc");
        redis.source.hset("host:1:abc", "info", "{}");
        redis.source.expire("host:1:abc", 60);
        redis.source.rpush("host:1:abc:work", "1");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            assertThat(live.drain().notes()).isEmpty();
        }
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("kept", "queue:default", "mastodon_migration:marker");
    }

    @Test
    void aKeyThatTheTargetLostIsFoundInTheFreeze() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.target.del("kept");
            assertThatThrownBy(live::drain).isInstanceOf(Refusal.class).hasMessageContaining("\"kept\"");
        }
    }

    /** Of any that idles; ours, and those of this test. */
    private static void endIdleConnections(String seconds) {
        for (var jedis : List.of(redis.source, redis.target)) {
            jedis.configSet("timeout", seconds);
        }
    }

    @Test
    void connectionsThatIdleAreNotLostBeforeTheFreezeNeedsThem() throws Exception {
        endIdleConnections("3");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            Awaitility.await().pollInterval(Duration.ofMillis(200)).during(Duration.ofSeconds(6)).atMost(Duration.ofSeconds(12)).until(
                    () -> List.of(redis.source, redis.target).stream().map(Jedis::ping).allMatch("PONG"::equals) && live.progress.read().inSync());
            redis.source.set("kept", "2");
            assertThat(live.drain().notes()).isEmpty();
        } finally {
            endIdleConnections("0");
        }
        assertThat(redis.target.get("kept")).isEqualTo("2");
    }
}
