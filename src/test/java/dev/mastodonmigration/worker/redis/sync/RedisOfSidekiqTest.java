package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.QuietSidekiq;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A source with {@code SIDEKIQ_REDIS_URL}, copied inside the freeze: two Redis become one. */
class RedisOfSidekiqTest {
    private static final String PROCESS = "worker.1:4:0123456789ab";
    @RegisterExtension
    static final RedisPair redis = RedisPair.withOneOfSidekiq();

    @BeforeEach
    void fill() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.zadd("feed:home:1", 1, "status");
        redis.source.setex("cache:1", 1000, "value");
        redis.sidekiq.sadd("queues", "default");
        redis.sidekiq.lpush("queue:default", "{\"jid\":\"a\"}", "{\"jid\":\"b\"}");
        redis.sidekiq.zadd("schedule", 2, "{\"jid\":\"c\"}");
        redis.sidekiq.sadd("processes", PROCESS);
        redis.sidekiq.hset(PROCESS, Map.of("beat", String.valueOf(System.currentTimeMillis() / 1000.0), "busy", "1", "quiet", "false"));
    }

    @Test
    void bothBecomeOneAndAreProvedEqual() throws Exception {
        assertThat(RedisPreflight.check(redis.context(), KeyScope.ALL).blockers()).isEmpty();
        assertThat(RedisPreflight.check(redis.context(), KeyScope.ALL).figures()).containsEntry("sourceKeys", redis.source.dbSize() + redis.sidekiq.dbSize());
        new RedisSnapshotCopy().run(redis.context());
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("feed:home:1", "cache:1", "queues", "queue:default", "schedule", "mastodon_migration:marker");
        assertThat(redis.target.lrange("queue:default", 0, -1)).isEqualTo(redis.sidekiq.lrange("queue:default", 0, -1));
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.KEYS, 5L).containsEntry(Figure.DIFFERENCES, 0L);
    }

    @Test
    void aDifferenceInEitherIsFound() throws Exception {
        new RedisSnapshotCopy().run(redis.context());
        redis.target.lpop("queue:default");
        redis.target.zadd("feed:home:1", 2, "another");
        redis.target.set("on neither", "x");
        redis.target.hset(PROCESS, "beat", "1");
        assertThatThrownBy(() -> new RedisVerify().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("found 4 keys").hasMessageContaining("queue:default")
                .hasMessageContaining("feed:home:1").hasMessageContaining("on neither").hasMessageContaining(PROCESS);

        new RedisSnapshotCopy().run(redis.context());
        assertThat(redis.target.exists("on neither", PROCESS)).isZero();
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    @Test
    void aKeyInBothIsRefusedByNameBeforeAnythingIsCopied() throws Exception {
        redis.source.set("stat:processed", "7");
        redis.sidekiq.set("stat:processed", "8");
        assertRefused("both hold 1 key, \"stat:processed\"");
    }

    @Test
    void jobsThatNobodyHasRunSinceSidekiqLeftAreRefusedByName() throws Exception {
        redis.source.lpush("queue:mailers", "{\"jid\":\"of long ago\"}");
        assertRefused("main Redis holds 1 key, \"queue:mailers\"");
    }

    private static void assertRefused(String words) throws Exception {
        assertThat(RedisPreflight.check(redis.context(), KeyScope.ALL).blockers()).singleElement().asString().contains(words);
        assertThat(RedisCapacity.check(redis.context(), KeyScope.ALL).blockers()).singleElement().asString().contains(words);
        assertThatThrownBy(() -> new QuietSidekiq(KeyScope.ALL).run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining(words).hasMessageContaining("Nothing was frozen");
        assertThatThrownBy(() -> new RedisSnapshotCopy().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining(words);
        assertThat(redis.target.dbSize()).as("our marker").isEqualTo(1);
        assertThat(redis.sidekiq.exists(PROCESS + "-signals")).as("Sidekiq was not told").isFalse();
    }

    @Test
    void jobsAloneComeFromWhereSidekiqHasThem() throws Exception {
        redis.source.lpush("queue:default", "{\"jid\":\"of long ago\"}");
        assertThat(RedisPreflight.check(redis.context(), KeyScope.JOBS).blockers()).isEmpty();
        assertThatThrownBy(() -> new QuietSidekiq(KeyScope.JOBS, Duration.ofMillis(500), Duration.ZERO).run(redis.context())).as("quieted, whatever the main one holds")
                .isInstanceOf(Refusal.class).hasMessageContaining(PROCESS).hasMessageNotContaining("of long ago").hasMessageNotContaining("main Redis");
        new RedisSnapshotCopy(KeyScope.JOBS).run(redis.context());
        assertThat(redis.target.lrange("queue:default", 0, -1)).isEqualTo(redis.sidekiq.lrange("queue:default", 0, -1));
        assertThat(new RedisVerify(KeyScope.JOBS).run(redis.context()).figures()).containsEntry(Figure.KEYS, 3L).containsEntry(Figure.DIFFERENCES, 0L);
    }

    @Test
    void twoDatabasesOfOneServerAreTwoRedis() throws Exception {
        redis.sourceOfSidekiq(redis.sourceServer.url() + "/3");
        redis.source.select(3);
        redis.source.sadd("queues", "default");
        redis.source.lpush("queue:default", "{\"jid\":\"a\"}");
        redis.source.select(0);
        assertThat(RedisPreflight.check(redis.context(), KeyScope.ALL)).satisfies(findings -> {
            assertThat(findings.blockers()).isEmpty();
            assertThat(findings.notes()).singleElement().asString().contains("two databases of one server");
        });
        new RedisSnapshotCopy().run(redis.context());
        assertThat(redis.target.llen("queue:default")).isEqualTo(1);
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.KEYS, 4L);
    }

    @Test
    void oneRedisUnderTwoNamesIsRefused() throws Exception {
        redis.sourceOfSidekiq(redis.sourceServer.url().replace("127.0.0.1", "localhost"));
        assertThat(RedisPreflight.check(redis.context(), KeyScope.ALL).blockers()).singleElement().asString().contains("unset SIDEKIQ_REDIS_URL");
    }

    @Test
    void sidekiqIsQuietedWhereItLives() {
        assertThatThrownBy(() -> new QuietSidekiq(KeyScope.ALL, Duration.ofMillis(500), Duration.ZERO).run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining(PROCESS);
        assertThat(redis.sidekiq.lrange(PROCESS + "-signals", 0, -1)).contains("TSTP");
    }
}
