package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.follow.ChangeFeed;
import dev.mastodonmigration.worker.redis.follow.ChangeTracker;
import dev.mastodonmigration.worker.redis.follow.Following;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.Relay;
import dev.mastodonmigration.worker.redis.wire.ServerIdentity;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

@Tag("thorough")
class RedisLiveGapTest {
    private static final String WRITE_UNSEEN = """
            redis.call('RPOP', 'queue:default') redis.call('DEL', 'gone') redis.call('SET', 'changed', 'in the gap') redis.call('SET', 'new', '1')
            """;
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @BeforeEach
    void empty() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.rpush("queue:default", "a job that runs in the gap", "another job");
        redis.source.set("gone", "1");
        redis.source.set("changed", "before");
    }

    /** In one step, so that no tracker can have seen the writes: the connection ends, and then keys change. */
    private static void writeInAGap(Jedis source) {
        var tracking = source.clientList().lines().filter(line -> line.matches(".* flags=[a-zA-Z]*t.*")).map(line -> line.replaceAll("^id=(\\d+) .*", "$1")).toList();
        assertThat(tracking).hasSize(1);
        try (var transaction = source.multi()) {
            transaction.sendCommand(Command.CLIENT, "KILL", "ID", tracking.getFirst());
            transaction.eval(WRITE_UNSEEN);
            transaction.exec();
        }
    }

    @Test
    @Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aPartitionThatEndsByAnErrorEndsTheWait() throws Exception {
        Partition.Copied failing = (keys, bytes) -> {
            throw new StackOverflowError("of the test");
        };
        try (var session = Session.following(Following.CLIENT_TRACKING, ends(), failing)) {
            var passes = new FullScan(session, new Heartbeat(session), new ScanProgress(redis.progress));
            assertThatThrownBy(passes::copyAll).isInstanceOf(IllegalStateException.class).hasMessageContaining("of the test");
        }
    }

    private static Ends ends() throws Exception {
        return Ends.takenOver(redis.context(), Direction.FORWARD, KeyScope.ALL);
    }

    private void assertCaughtUp() throws Exception {
        assertThat(redis.target.lrange("queue:default", 0, -1)).containsExactly("a job that runs in the gap");
        assertThat(redis.target.exists("gone")).isFalse();
        assertThat(redis.target.get("changed")).isEqualTo("in the gap");
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    @Test
    void whatHappensInAGapIsFoundAndSaid() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            writeInAGap(redis.source);
            live.awaitReading("no longer in sync", reading -> !reading.inSync()).awaitInSync();
            assertThat(redis.target.get("changed")).isEqualTo("in the gap");
            assertThat(live.drain().notes()).anyMatch(note -> note.startsWith("Changes may have been missed, so everything was compared again"));
        }
        assertCaughtUp();
    }

    @Test
    void aGapRightBeforeTheDrainIsFoundInsideIt() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            writeInAGap(redis.source);
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        }
        assertCaughtUp();
    }

    @Test
    void aServerThatIsBusyWithSomebodysScriptIsWaitedFor() throws Exception {
        redis.source.configSet("lua-time-limit", "1");
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.eval("local began = redis.call('TIME')[1] while redis.call('TIME')[1] - began < 3 do end redis.call('SET', 'new', '1')");
            Awaitility.await("what the script wrote").atMost(Duration.ofSeconds(30)).until(() -> redis.target.exists("new"));
            assertThat(live.awaitInSync().drain().notes()).anyMatch(note -> note.contains("BUSY"));
        } finally {
            redis.source.configSet("lua-time-limit", "5000");
        }
        assertThat(new RedisVerify().run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
    }

    /** The same moments without the rescan: the proof that these tests, and the comparison, would notice. */
    @Test
    void ignoringAGapWouldBeCaught() throws Exception {
        var context = redis.context();
        new RedisSnapshotCopy().run(context);
        try (var sources = RedisSources.open(context, KeyScope.ALL);
                var partitions = Partitions.open(Ends.loaded(context, Direction.FORWARD, KeyScope.ALL), new ReplicatedKeys(sources, KeyScope.ALL), Partition.Differing.REPAIRED, (keys, bytes) -> {})) {
            var source = sources.all().getFirst().jedis();
            var listener = new ChangeFeed.Listener() {
                @Override
                public void changed(List<RedisKey> keys) {
                    partitions.changed(keys);
                }

                @Override
                public void gap(Gap ignored) {
                    assertThat(ignored).hasMessageContaining("broke");
                }
            };
            try (var first = ChangeTracker.open(RedisSide.SOURCE, context, listener)) {
                source.set("followed", "1");
                Awaitility.await().until(() -> "1".equals(redis.target.get("followed")));
                writeInAGap(redis.source);
            }
            try (var second = ChangeTracker.open(RedisSide.SOURCE, context, listener)) {
                source.set("followed", "2");
                Awaitility.await().until(() -> partitions.backlog().changes() == 0 && "2".equals(redis.target.get("followed")));
            }
        }
        assertThatThrownBy(() -> new RedisVerify().run(context)).isInstanceOf(Refusal.class)
                .hasMessageContaining("found 4 keys").hasMessageContaining("\"gone\" (only the target Redis has it)").hasMessageContaining("\"new\" (it is missing on the target Redis)")
                .hasMessageContaining("\"changed\" (its value differs)").hasMessageContaining("\"queue:default\" (its value differs)");
    }

    @Test
    void aSourceWhoseMemoryIsFullForAWhileIsFollowedAgainAfterwards() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.configSet("maxmemory", "1");
            live.awaitReading("the reason", reading -> reading.stage().startsWith("starting over: a server was not ready (OOM"));
            redis.source.configSet("maxmemory", "0");
            live.awaitReading("in sync again", reading -> reading.stage().equals("in sync, by " + Following.CLIENT_TRACKING));
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
        } finally {
            redis.source.configSet("maxmemory", "0");
        }
    }

    /** As when the name leads to another server, and the one before still answers those that it knows. */
    @Test
    void anotherServerAtTheSameAddressIsFoundInTheDrain() throws Exception {
        try (var other = RedisServer.start(); var jedis = other.connect(); var address = Relay.to(redis.sourceServer.port())) {
            jedis.configSet("requirepass", redis.sourceServer.password());
            jedis.rpush("queue:default", "a job that only this one has");
            redis.source("redis://:" + redis.sourceServer.password() + "@127.0.0.1:" + address.port());
            try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
                address.moveTo(other.port());
                var report = live.drain();
                assertThat(report.figures()).containsEntry(Figure.DIFFERENCES, 0L).containsEntry(Figure.KEYS, 1L);
                assertThat(report.notes()).anyMatch(note -> note.contains("another server answers as source Redis"));
            }
            assertThat(redis.target.lrange("queue:default", 0, -1)).containsExactly("a job that only this one has");
        } finally {
            redis.source(redis.sourceServer.url());
        }
    }

    @Test
    void anotherServerAtTheSameAddressIsFoundByTheHeartbeatToo() throws Exception {
        try (var other = RedisServer.start(); var jedis = other.connect(); var address = Relay.to(redis.sourceServer.port())) {
            jedis.configSet("requirepass", redis.sourceServer.password());
            redis.source("redis://:" + redis.sourceServer.password() + "@127.0.0.1:" + address.port());
            try (var session = Session.following(Following.CLIENT_TRACKING, ends(), (keys, bytes) -> {})) {
                var heartbeat = new Heartbeat(session, Duration.ZERO, Duration.ZERO);
                heartbeat.beat();
                address.moveTo(other.port());
                assertThatThrownBy(heartbeat::beat).isInstanceOf(Gap.class).hasMessageContaining("another server answers as source Redis");
            }
        } finally {
            redis.source(redis.sourceServer.url());
        }
    }

    @Test
    void aServerOtherThanAtFirstIsAGap() throws Exception {
        try (var session = Session.following(Following.CLIENT_TRACKING, ends(), (keys, bytes) -> {}); var other = RedisServer.start(); var jedis = other.connect()) {
            new Heartbeat(session).demandAll();
            var before = new KnownServers(List.of(new KnownServers.Known(RedisSide.SOURCE, redis.target, ServerIdentity.of(jedis))));
            var now = new Session(session.ends(), session.scope(), session.sources(), session.targets(), false, before, session.keys(), session.partitions(), session.followed());
            assertThatThrownBy(new Heartbeat(now)::demandAll).isInstanceOf(Gap.class).hasMessageContaining("another server answers as source Redis");
        }
    }

    @Test
    void aFlushEmptiesTheTargetToo() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.source.flushDB();
            redis.source.set("after", "1");
            assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 1L);
        }
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("after", "mastodon_migration:marker");
    }

    @Test
    void aSourceThatRestartsIsComparedAnew() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.sourceServer.restart();
            redis.source.close();
            try (var jedis = redis.sourceServer.connect()) {
                jedis.set("after the restart", "1");
            }
            Awaitility.await("the target follows").atMost(Duration.ofSeconds(30)).until(() -> redis.target.exists("after the restart"));
            live.awaitInSync();
            assertThat(live.drain().figures()).containsEntry(Figure.KEYS, 1L);
        } finally {
            redis.close();
            redis.start();
        }
    }

    @Test
    void aTargetWhoseConnectionsBreakIsComparedAnew() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.target.clientKill(new ClientKillParams().type(ClientType.NORMAL).skipMe(ClientKillParams.SkipMe.YES));
            redis.source.set("later", "1");
            Awaitility.await("the target follows").atMost(Duration.ofSeconds(30)).until(() -> redis.target.exists("later"));
            live.awaitInSync();
            assertThat(live.drain().notes()).isNotEmpty();
        }
    }
}
