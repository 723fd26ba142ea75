package dev.mastodonmigration.worker.redis.mastodon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.redis.sync.LiveReplication;
import dev.mastodonmigration.worker.redis.sync.RedisTarget;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SourceClientsTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @BeforeAll
    static void start() {
        redis.source.clientSetname(RedisSide.connectionName(redis.context())); // the test's own
    }

    @BeforeEach
    void empty() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("kept", "1");
    }

    private static long clients() throws Exception {
        return new SourceClients().run(redis.context()).figures().get(Figure.CLIENTS);
    }

    @Test
    void aProcessOfTheInstanceCountsWhateverItWantsToBeTold() throws Exception {
        assertThat(clients()).isZero();
        try (var stranger = redis.sourceServer.connect()) {
            stranger.ping();
            assertThat(clients()).isEqualTo(1);
            stranger.sendCommand(() -> "CLIENT".getBytes(), "TRACKING", "ON");
            assertThat(clients()).as("a client-side cache").isEqualTo(1);
        }
    }

    @Test
    void whoIsConnectedIsNamedWithItsAddressAndItsLastCommand() throws Exception {
        assertThat(new SourceClients().run(redis.context()).message()).isEqualTo("No client of another is left on the source's Redis.");
        try (var exporter = redis.sourceServer.connect()) {
            exporter.clientSetname("redis_exporter");
            exporter.get("a key that is nobody's business");
            assertThat(new SourceClients().run(redis.context()).message()).matches("A client of another is still on the source's Redis: redis_exporter from 127\\.0\\.0\\.1:\\d+, idle for \\d+ s, last command get\\.");
            try (var two = redis.sourceServer.connect(); var three = redis.sourceServer.connect(); var four = redis.sourceServer.connect()) {
                two.ping();
                three.ping();
                four.ping();
                assertThat(new SourceClients().run(redis.context()).message()).startsWith("4 clients of others are still on the source's Redis: redis_exporter from ").contains("; one ").endsWith("; and 1 other.");
            }
        }
    }

    @Test
    void programsAreThoseThatSayThatTheyAreNoneOfMastodons() throws Exception {
        try (var web = redis.sourceServer.connect(); var sidekiq = redis.sourceServer.connect(); var insight = redis.sourceServer.connect(); var another = redis.sourceServer.connect()) {
            web.ping();
            sidekiq.clientSetname("Sidekiq-server-PID-4");
            assertThat(new ProgramsOnRedis().run(redis.context()).notes()).isEmpty();
            insight.clientSetname("redisinsight-common-0");
            another.clientSetname("redisinsight-common-0");
            assertThat(new ProgramsOnRedis().run(redis.context()).notes()).containsExactly("redisinsight-common-0 is connected to the source's Redis (from 127.0.0.1)");
            redis.sourceAsUserWithout("-client|list");
            var report = new ProgramsOnRedis().run(redis.context());
            assertThat(report.outcome()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(report.notes()).as("where clients are not told").isEmpty();
        }
    }

    @Test
    void ourOwnReplicatorDoesNotCountWhicheverWayItFollows() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            assertThat(redis.source.clientList()).contains("flags=t");
            assertThat(clients()).isZero();
            live.drain();
        }
        redis.sourceAsUserWithout("-client|tracking");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            assertThat(redis.source.clientList()).contains("psub=");
            assertThat(live.progress.read().stage()).contains("keyspace notifications");
            assertThat(clients()).isZero();
            live.drain();
        }
    }

    @Test
    void whereClientsAreNotToldHeartbeatsCount() throws Exception {
        redis.sourceAsUserWithout("-client|list");
        assertThat(clients()).isZero();
        redis.source.sadd("processes", "worker.1:4:0123456789ab");
        redis.source.hset("worker.1:4:0123456789ab", Map.of("beat", String.valueOf(System.currentTimeMillis() / 1000.0), "busy", "0", "quiet", "false"));
        assertThat(clients()).isEqualTo(1);
        assertThat(new SourceClients().run(redis.context()).message()).isEqualTo("A client of another is still on the source's Redis: Sidekiq process worker.1:4:0123456789ab.");
    }

    @Test
    void aServerThatRefusesNamesIsLookedAtAllTheSame() throws Exception {
        redis.sourceAsUserWithout("-client|setname");
        assertThat(clients()).as("without a name we take ourselves for another's, and wait").isPositive();
    }
}
