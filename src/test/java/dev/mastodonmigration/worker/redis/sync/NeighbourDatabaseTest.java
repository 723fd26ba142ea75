package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.wire.OurKeys;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;

/** Another instance lives in another database of the source's server, with keys of the same names. */
class NeighbourDatabaseTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();
    private Jedis ours;
    private Jedis neighbour;
    private Jedis target;

    @BeforeEach
    void twoInstances() throws Exception {
        redis.source(redis.sourceServer.url() + "/5");
        redis.target(redis.targetServer.url() + "/2");
        ours = redis.sourceServer.connect();
        ours.select(5);
        neighbour = redis.sourceServer.connect();
        target = redis.targetServer.connect();
        target.select(2);
        neighbour.rpush("queue:default", "a job of the neighbour's");
        ours.rpush("queue:default", "a job of ours");
        RedisTarget.claim(redis.context());
    }

    @AfterEach
    void close() {
        ours.close();
        neighbour.close();
        target.close();
    }

    /** Writes as long as the block runs. */
    private static final class Busy implements AutoCloseable {
        private final AtomicBoolean ended = new AtomicBoolean();
        private final Thread thread;

        Busy(Jedis jedis) throws InterruptedException {
            var begun = new CountDownLatch(1);
            thread = Thread.ofPlatform().daemon().start(() -> {
                for (var i = 0; !ended.get(); i++) {
                    jedis.lpush("queue:default", "job " + i);
                    jedis.ltrim("queue:default", 0, 50);
                    jedis.set("only one has it", "1");
                    begun.countDown();
                }
            });
            begun.await();
        }

        @Override
        public void close() throws InterruptedException {
            ended.set(true);
            thread.join();
        }
    }

    private void neitherCopiedNorTakenForAWriter(String following) throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            assertThat(live.progress.read().stage()).startsWith("in sync, by " + following);
            ours.rpush("queue:default", "another of ours");
            ours.set("later", "1");
            Awaitility.await().until(() -> target.exists("later"));
            redis.source.configResetStat();
            try (var busy = new Busy(neighbour)) {
                assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 2L).containsEntry(Figure.DIFFERENCES, 0L);
            }
        }
        assertThat(target.lrange("queue:default", 0, -1)).containsExactly("a job of ours", "another of ours");
        assertThat(redis.target.keys("*")).isEmpty();
    }

    @Test
    void itIsNeitherCopiedNorTakenForAWriterNorDoesItCostAFullComparisonInTheFreeze() throws Exception {
        neitherCopiedNorTakenForAWriter("CLIENT TRACKING");
        assertThat(redis.source.info("commandstats")).as("no key is looked for inside the freeze").doesNotContain("cmdstat_scan:");
    }

    @Test
    void norIsItWhereOnlyNotificationsCanBeHad() throws Exception {
        redis.sourceAsUserWithout("-client|tracking");
        redis.source("redis://limited:secret@127.0.0.1:" + redis.sourceServer.port() + "/5");
        neitherCopiedNorTakenForAWriter("keyspace notifications");
        assertThat(redis.source.configGet("notify-keyspace-events").get("notify-keyspace-events")).as("put back").isEmpty();
    }

    /** It is migrated at the same time, or is the other Redis of ours: what it writes to be told must not be taken for what we wrote. */
    @Test
    void noTwoFollowersWriteTheSameKeyToBeTold() throws Exception {
        var other = redis.context(RedisPair.OTHER_UID, 1);
        assertThat(List.of(OurKeys.canary(redis.context(), RedisSide.SOURCE), OurKeys.canary(redis.context(), RedisSide.SOURCE_OF_SIDEKIQ),
                OurKeys.canary(other, RedisSide.SOURCE), OurKeys.canary(other, RedisSide.SOURCE_OF_SIDEKIQ))).doesNotHaveDuplicates()
                .allMatch(OurKeys::contain);
    }

    @Test
    void whoWritesInOurOwnDatabaseAfterTheFreezeIsFoundAllTheSame() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync(); var neighbours = new Busy(neighbour); var straggler = new Busy(ours)) {
            assertThatThrownBy(live::drain).isInstanceOf(Refusal.class).hasMessageContaining("still written to");
        }
    }

    @Test
    void oneThatMovesInOrEmptiesItsDatabaseChangesNothingOfOurs() throws Exception {
        neighbour.flushDB();
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            neighbour.set("moved in", "1");
            ours.set("first", "1");
            live.awaitReading("in sync", reading -> reading.stage().equals("in sync, by CLIENT TRACKING") && target.exists("first"));
            neighbour.flushDB();
            ours.set("second", "1");
            live.awaitReading("in sync again", reading -> reading.stage().equals("in sync, by CLIENT TRACKING") && target.exists("second"));
            assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 3L).containsEntry(Figure.DIFFERENCES, 0L);
        }
    }
}
