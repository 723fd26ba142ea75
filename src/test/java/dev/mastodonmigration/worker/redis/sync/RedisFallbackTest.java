package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.Relay;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

/** Sources that refuse one or the other way to follow their changes. */
class RedisFallbackTest {
    private static final String SETTING = "notify-keyspace-events";
    private static final String NO_TRACKING = "-client|tracking";
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @BeforeEach
    void empty() throws Exception {
        redis.source.configSet(SETTING, "");
        redis.source.aclDelUser("limited");
        RedisTarget.claim(redis.context());
        redis.source.set("kept", "1");
        redis.source.rpush("queue:default", "a job");
    }

    private static LiveReplication startWithout(String... rights) {
        redis.sourceAsUserWithout(rights);
        return LiveReplication.start(redis.context());
    }

    private static void awaitOnTarget(String key) {
        Awaitility.await("the target has " + key).atMost(Duration.ofSeconds(20)).until(() -> redis.target.exists(key));
    }

    private static void assertEqualBothWays() throws Exception {
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, redis.target.dbSize() - 1);
    }

    @Test
    void keyspaceNotificationsStandInForTrackingAndTheSettingIsPutBack() throws Exception {
        try (var live = startWithout(NO_TRACKING).awaitInSync()) {
            assertThat(live.progress.read().stage()).startsWith("in sync, by keyspace notifications");
            assertThat(redis.source.configGet(SETTING).get(SETTING)).contains("K").contains("A");
            redis.source.eval("redis.call('SET', 'by Lua', '1') redis.call('RENAME', 'kept', 'renamed') redis.call('LPOP', 'queue:default')");
            redis.source.psetex("passing", 300, "1");
            awaitOnTarget("renamed");
            Awaitility.await("the target follows").atMost(Duration.ofSeconds(20)).until(() -> redis.target.exists("by Lua") && !redis.target.exists("kept")
                    && !redis.target.exists("queue:default") && !redis.target.exists("passing"));
            var report = live.drain();
            assertThat(report.message()).contains("by following its changes (keyspace notifications)");
            assertThat(report.notes()).anyMatch(note -> note.contains("does not let us follow its changes by CLIENT TRACKING"));
        }
        assertThat(redis.source.configGet(SETTING).get(SETTING)).isEmpty();
        assertEqualBothWays();
    }

    @Test
    void whereConfigIsRefusedNotificationsThatSomebodyElseSetAreUsed() throws Exception {
        redis.source.configSet(SETTING, "KEA");
        try (var live = startWithout(NO_TRACKING, "-config").awaitInSync()) {
            assertThat(live.progress.read().stage()).startsWith("in sync, by keyspace notifications");
            redis.source.set("later", "1");
            awaitOnTarget("later");
            live.drain();
        }
        assertEqualBothWays();
    }

    @Test
    void notificationsOfSomeChangesOnlyAreNotTrusted() throws Exception {
        redis.source.configSet(SETTING, "K$gz");
        try (var live = startWithout(NO_TRACKING, "-config").awaitInSync()) {
            assertThat(live.progress.read().stage()).contains("repeated scans");
            assertThat(live.drain().notes()).anyMatch(note -> note.contains("notify-keyspace-events lacks hset, lpush, sadd"));
        }
        assertEqualBothWays();
    }

    @Test
    void whereNothingIsToldRepeatedScansStandInAndTheLastIsUnderFreeze() throws Exception {
        try (var live = startWithout(NO_TRACKING, "-config").awaitInSync()) {
            assertThat(live.progress.read().stage()).contains("repeated scans");
            redis.source.set("later", "1");
            redis.source.del("kept");
            var report = live.drain();
            assertThat(report.message()).contains("repeated scans");
            assertThat(report.notes()).anyMatch(note -> note.contains("by CLIENT TRACKING")).anyMatch(note -> note.contains("by keyspace notifications"));
        }
        assertThat(redis.target.exists("later")).isTrue();
        assertEqualBothWays();
    }

    /** As of a server that stood still for a moment: it accepted the subscription, and told nothing of what was tried. */
    @Test
    void whoToldNothingOnceIsAskedAgain() throws Exception {
        redis.sourceAsUserWithout(NO_TRACKING);
        var silences = new AtomicInteger(1);
        try (var relay = Relay.to(redis.sourceServer.port(), InputStream::transferTo, (from, to) -> silentOnceSubscribed(silences, from, to))) {
            redis.source("redis://limited:secret@127.0.0.1:" + relay.port());
            try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
                assertThat(silences).as("silences left").hasNonPositiveValue();
                assertThat(live.progress.read().stage()).startsWith("in sync, by keyspace notifications");
                live.drain();
            }
            assertEqualBothWays();
        }
    }

    private static void silentOnceSubscribed(AtomicInteger silences, InputStream from, OutputStream to) throws IOException {
        var buffer = new byte[1 << 16];
        var silent = false;
        for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            if (!silent) {
                to.write(buffer, 0, read);
            }
            silent |= new String(buffer, 0, read, StandardCharsets.ISO_8859_1).contains("psubscribe") && silences.getAndDecrement() > 0;
        }
    }

    /** As often in a row as silence would have to be taken for an answer. */
    @Test
    void cutWhileItBeginsIsAGapAndNoSilence() throws Exception {
        redis.sourceAsUserWithout(NO_TRACKING);
        var cuts = new AtomicInteger(3);
        try (var relay = Relay.to(redis.sourceServer.port(), InputStream::transferTo, (from, to) -> cutOnceProbed(cuts, from, to))) {
            redis.source("redis://limited:secret@127.0.0.1:" + relay.port());
            try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
                assertThat(cuts).as("cuts left").hasNonPositiveValue();
                assertThat(live.progress.read().stage()).startsWith("in sync, by keyspace notifications");
                assertThat(live.drain().notes()).noneMatch(note -> note.contains("does not tell a change"));
            }
            assertEqualBothWays();
        }
    }

    private static void cutOnceProbed(AtomicInteger cuts, InputStream from, OutputStream to) throws IOException {
        var buffer = new byte[1 << 16];
        for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            to.write(buffer, 0, read);
            if (new String(buffer, 0, read, StandardCharsets.ISO_8859_1).contains("zadd") && cuts.getAndDecrement() > 0) {
                return;
            }
        }
    }

    @Test
    void theTargetStaysReadyWhileItIsScannedOnceMore() throws Exception {
        try (var live = LiveReplication.start(redis.context(), new RepeatedScans(Direction.FORWARD, List.of(), Duration.ofMillis(1))).awaitInSync()) {
            for (var scan = 0; scan < 3; scan++) {
                var key = "by scan " + scan;
                redis.source.set(key, "1");
                Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(1)).until(() -> {
                    assertThat(live.progress.read().inSync()).isTrue();
                    return redis.target.exists(key);
                });
            }
            live.drain();
        }
        assertEqualBothWays();
    }

    @Test
    void aUserWithoutChannelsGetsRepeatedScans() throws Exception {
        try (var live = startWithout(NO_TRACKING, "resetchannels").awaitInSync()) {
            assertThat(live.progress.read().stage()).contains("repeated scans");
            live.drain();
        }
        assertThat(redis.source.configGet(SETTING).get(SETTING)).as("put back").isEmpty();
        assertEqualBothWays();
    }

    @Test
    void aServerWithoutResp3IsFollowedByNotifications() throws Exception {
        try (var old = RedisServer.start("rename-command HELLO \"\""); var jedis = old.connect()) {
            jedis.set("kept", "1");
            redis.source(old.url());
            try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
                assertThat(live.progress.read().stage()).startsWith("in sync, by keyspace notifications");
                live.drain();
            }
            assertEqualBothWays();
        }
    }

    /** Notifications are fire and forget: what none told of is found when the source is closed. */
    @Test
    void whatNoNotificationToldIsFoundInTheEnd() throws Exception {
        try (var live = startWithout(NO_TRACKING).awaitInSync()) {
            redis.source.configSet(SETTING, "");
            redis.source.eval("redis.call('SET', 'untold', '1') redis.call('DEL', 'kept') redis.call('LPUSH', 'queue:default', 'an untold job')");
            redis.source.configSet(SETTING, "KEA");
            redis.source.set("told", "1");
            awaitOnTarget("told");
            assertThat(redis.target.exists("untold")).isFalse();
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertThat(redis.target.lrange("queue:default", 0, -1)).containsExactly("an untold job", "a job");
        assertEqualBothWays();
    }

    @Test
    void aFlushThatNobodyTellsIsAGap() throws Exception {
        try (var live = startWithout(NO_TRACKING).awaitInSync()) {
            redis.source.flushDB();
            redis.source.set("after", "1");
            Awaitility.await("the target is flushed too").atMost(Duration.ofSeconds(20)).until(() -> !redis.target.exists("kept"));
            live.awaitInSync();
            assertThat(live.drain().notes()).anyMatch(note -> note.contains("flushed"));
        }
        assertEqualBothWays();
    }

    @Test
    void aSubscriptionThatBreaksIsAGap() throws Exception {
        try (var live = startWithout(NO_TRACKING).awaitInSync()) {
            redis.source.clientKill(new ClientKillParams().type(ClientType.PUBSUB));
            live.awaitReading("no longer in sync", reading -> !reading.inSync()).awaitInSync();
            redis.source.set("after", "1");
            awaitOnTarget("after");
            assertThat(live.drain().notes()).anyMatch(note -> note.contains("Changes may have been missed") && note.contains("the connection that follows changes broke"));
        }
        assertEqualBothWays();
    }

    @Test
    void aSourceStillWrittenToIsRefusedAlsoByNotifications() throws Exception {
        try (var live = startWithout(NO_TRACKING).awaitInSync()) {
            var writer = Thread.ofPlatform().start(() -> {
                try (var jedis = redis.sourceServer.connect()) {
                    while (!Thread.currentThread().isInterrupted()) {
                        jedis.incr("still counting");
                    }
                }
            });
            try {
                assertThatThrownBy(live::drain).isInstanceOf(Refusal.class).hasMessageContaining("changed after writing was to have ended");
            } finally {
                writer.interrupt();
                writer.join();
            }
        }
    }
}
