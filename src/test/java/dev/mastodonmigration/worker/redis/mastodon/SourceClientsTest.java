package dev.mastodonmigration.worker.redis.mastodon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
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
    }

    @Test
    void aServerThatRefusesNamesIsLookedAtAllTheSame() throws Exception {
        redis.sourceAsUserWithout("-client|setname");
        assertThat(clients()).as("without a name we take ourselves for another's, and wait").isPositive();
    }
}
