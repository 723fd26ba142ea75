package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.value.EveryType;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.exceptions.JedisDataException;

/** A target that refuses what ElastiCache refuses (docs.aws.amazon.com, AmazonElastiCache, ClientConfig.RestrictedCommands), and logs who asked for it. */
class ElastiCacheCommandsTest {
    private static final String[] REFUSED = {"-bgrewriteaof", "-bgsave", "-config", "-debug", "-migrate", "-psync", "-replicaof", "-save", "-shutdown", "-slaveof", "-sync"};
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @BeforeEach
    void restrict() {
        redis.targetAsUserWithout(REFUSED);
        redis.target.aclLogReset();
    }

    private static void assertNothingRefused() {
        assertThat(redis.target.aclLog()).isEmpty();
    }

    @Test
    void whatIsRefusedIsRefused() throws Exception {
        try (var target = RedisSide.TARGET.open(redis.context())) {
            assertThatThrownBy(() -> target.configGet("maxmemory-policy")).isInstanceOf(JedisDataException.class).hasMessageContaining("NOPERM");
        }
        assertThat(redis.target.aclLog()).hasSize(1);
    }

    @Test
    void aLiveMigrationGoesFromTheClaimToItsEndWithoutAnyOfIt() throws Exception {
        EveryType.fill(redis.source);
        redis.source.sadd("queues", "default");
        redis.source.lpush("queue:default", "{\"jid\":\"a\"}");
        assertThat(RedisTarget.claim(redis.context()).message()).contains("Claimed");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.set("later", "1");
            redis.source.unlink("string:int");
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, redis.target.dbSize() - 1);
        assertThat(RedisCapacity.check(redis.context(), KeyScope.ALL).blockers()).isEmpty();
        assertThat(new OpenRedis().run(redis.context(RedisPair.UID, 2)).message()).contains("is open");
        assertThat(RedisTarget.release(redis.context(RedisPair.UID, 2)).message()).contains("Removed");
        assertThat(redis.target.get("later")).isEqualTo("1");
        assertNothingRefused();
    }

    @Test
    void aSnapshotIsCopiedVerifiedAndTakenBackWithoutAnyOfIt() throws Exception {
        EveryType.fill(redis.source);
        RedisTarget.claim(redis.context());
        new RedisSnapshotCopy().run(redis.context());
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
        assertThat(RedisTarget.reset(redis.context()).message()).contains("is empty again");
        assertNothingRefused();
    }

    /** As when data goes back: the setting is of the parameter group, and nobody may look at it. */
    @Test
    void itsParameterGroupsNotificationsDoWhereTrackingIsRefusedToo() throws Exception {
        redis.source.configSet("notify-keyspace-events", "KA");
        try {
            redis.sourceAsUserWithout("-config", "-client|tracking");
            redis.source.set("before", "1");
            RedisTarget.claim(redis.context());
            try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
                assertThat(live.progress.read().stage()).isEqualTo("in sync, by keyspace notifications");
                redis.source.set("later", "1");
                live.drain();
            }
            assertThat(redis.target.get("later")).isEqualTo("1");
        } finally {
            redis.source.configSet("notify-keyspace-events", "");
        }
    }
}
