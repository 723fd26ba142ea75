package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.TaskRegistry;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.JobsPreflight;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.mastodon.SourceConflicts;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;

/** The Redis that the instance came from, two of them, adopted for the way back and then given back to it: whoever slept meanwhile must not write there any more. */
class OldRedisTest {
    private static final String HELD = "mastodon_migration:aside:";
    private static final String MARKER = "mastodon_migration:marker";
    private static final int WITHDRAWAL = 2;
    @RegisterExtension
    static final RedisPair redis = RedisPair.withOneOfSidekiq();

    @BeforeEach
    void fill() throws Exception {
        redis.source.set("timeline", "1");
        redis.sidekiq.sadd("queues", "default");
        redis.sidekiq.lpush("queue:default", "a job");
        redis.sidekiq.zadd("schedule", 7, "later");
        RedisTarget.claim(redis.context());
    }

    private static void copied() throws Exception {
        new RedisSnapshotCopy().run(redis.context());
    }

    private static void adopted() throws Exception {
        copied();
        new AdoptRedis().run(redis.context());
    }

    private static WorkerContext at(long epoch) {
        return redis.context(RedisPair.UID, epoch);
    }

    private static WorkerReport withdraw(long epoch) throws Exception {
        return new TaskRegistry().find(Tasks.WITHDRAW_OPENING, Map.of()).orElseThrow().run(at(epoch));
    }

    private static void assertNoMarker() {
        for (var old : List.of(redis.source, redis.sidekiq)) {
            assertThat(old.exists(MARKER)).isFalse();
        }
    }

    private static void assertJobsHaveTheirNames() {
        assertThat(redis.sidekiq.lrange("queue:default", 0, -1)).containsExactly("a job");
        assertThat(redis.sidekiq.zrange("schedule", 0, -1)).containsExactly("later");
    }

    private static void assertJobsAreAside() {
        assertThat(redis.sidekiq.exists("queues", "queue:default", "schedule")).isZero();
        assertThat(redis.sidekiq.lrange(HELD + "queue:default", 0, -1)).containsExactly("a job");
    }

    @Test
    void whatIsGivenBackCarriesNoMarkerSoThatAWayBackThatSleptWritesNothing() throws Exception {
        adopted();
        var slept = Ends.takenOver(redis.context(), Direction.BACK, KeyScope.ALL);
        try (var sources = RedisSources.open(redis.context(), KeyScope.ALL);
                var routes = Routes.open(slept, new ReplicatedKeys(sources, KeyScope.ALL), new SourceConflicts())) {
            assertThat(withdraw(WITHDRAWAL).figures()).containsEntry(Figure.OPENED, 0L);
            assertNoMarker();
            assertJobsHaveTheirNames();
            for (var route : routes.all()) {
                route.to().writer().remove(RedisKey.of("timeline"));
                assertThatThrownBy(route.to().writer()::flush).isInstanceOf(Refusal.class).hasMessageContaining("no longer this worker's");
            }
        }
        for (var written : slept.to().entrySet()) {
            try (var jedis = written.getKey().open(redis.context())) {
                var old = MarkedTarget.of(written.getKey(), jedis, redis.context());
                assertThatThrownBy(() -> old.moveTo(Marker.State.LOADED, written.getValue())).isInstanceOf(Refusal.class);
            }
        }
        assertThatThrownBy(() -> new ReplicateRedis(Direction.BACK).run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("does not carry this migration's marker");
        assertThat(redis.source.get("timeline")).isEqualTo("1");
    }

    /** It has been in use in between: what it has got since is nowhere else. */
    @Test
    void whatWasGivenBackIsComparedAnewBeforeItIsAdoptedAgain() throws Exception {
        adopted();
        withdraw(WITHDRAWAL);
        redis.source.set("since then", "x");
        assertThatThrownBy(() -> new AdoptRedis().run(at(WITHDRAWAL + 1))).isInstanceOf(Refusal.class).hasMessageContaining("since then");
        redis.source.del("since then");
        assertThat(new AdoptRedis().run(at(WITHDRAWAL + 2)).message()).contains("are equal");
    }

    @Test
    void anAdoptionThatSleptPastTheWithdrawalLeavesNothing() throws Exception {
        copied();
        withdraw(WITHDRAWAL);
        assertThatThrownBy(() -> new AdoptRedis().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("newer worker");
        assertNoMarker();
        assertJobsHaveTheirNames();
    }

    @Test
    void aWithdrawalThatSleptLeavesWhatANewerWorkerAdopted() throws Exception {
        copied();
        new AdoptRedis().run(at(WITHDRAWAL + 1));
        assertThatThrownBy(() -> OldRedis.giveBack(at(WITHDRAWAL))).isInstanceOf(Refusal.class).hasMessageContaining("newer worker");
        assertThat(redis.source.exists(MARKER)).isTrue();
        assertThat(redis.sidekiq.exists(MARKER)).isTrue();
        assertJobsAreAside();
    }

    @Test
    void anAbortedMigrationKeepsNobodyFromTheOldRedis() throws Exception {
        adopted();
        withdraw(WITHDRAWAL);
        RedisTarget.reset(at(WITHDRAWAL));
        var other = redis.context(RedisPair.OTHER_UID, 1);
        assertThat(RedisPreflight.check(other, KeyScope.ALL).blockers()).isEmpty();
        assertThat(JobsPreflight.of(Map.of()).check(other).blockers()).isEmpty();
        RedisTarget.claim(other);
        new RedisSnapshotCopy().run(other);
        assertThat(new AdoptRedis().run(other).message()).contains("are equal");
    }

    /** Else a worker of the way back could change jobs that Sidekiq has again. */
    @Test
    void killedBeforeTheJobsHaveTheirNamesTheMarkerIsGoneAndTheNextTryGoesOn() throws Exception {
        adopted();
        sidekiqsWithout("-renamenx");
        assertThat(OldRedis.giveBack(at(WITHDRAWAL))).singleElement().asString().contains("By hand");
        assertNoMarker();
        assertJobsAreAside();
        redis.sourceOfSidekiq(redis.sidekiqServer.url());
        assertThat(OldRedis.giveBack(at(WITHDRAWAL))).isEmpty();
        assertJobsHaveTheirNames();
    }

    private static void sidekiqsWithout(String right) {
        redis.sidekiq.aclSetUser("limited", "reset", "on", ">secret", "~*", "&*", "+@all", right);
        redis.sourceOfSidekiq("redis://limited:secret@127.0.0.1:" + redis.sidekiqServer.port());
    }

    @Test
    void oneThatForbidsWhatAnAdoptionNeedsIsRefusedInWords() throws Exception {
        copied();
        for (var right : List.of("-eval", "-renamenx")) {
            sidekiqsWithout(right);
            assertThatThrownBy(() -> new AdoptRedis().run(redis.context())).as(right).isInstanceOf(Refusal.class).hasMessageContaining("does not let us").hasMessageContaining("source Redis of Sidekiq");
            assertNoMarker();
            assertJobsHaveTheirNames();
        }
    }

    @Test
    void whereOnlyJobsMovedOnlyTheyAreAdopted() throws Exception {
        new RedisSnapshotCopy(KeyScope.JOBS).run(redis.context());
        redis.target.set("rebuilt on the target", "1");
        assertThat(new AdoptRedis(KeyScope.JOBS).run(redis.context()).figures()).containsEntry(Figure.DIFFERENCES, 0L);
        assertThat(redis.source.exists(MARKER)).as("nothing is brought back to the main Redis").isFalse();
        redis.target.lpush("queue:default", "of the new side");
        new RedisSnapshotCopy(Direction.BACK, KeyScope.JOBS).run(redis.context());
        assertThat(redis.source.keys("*")).containsExactly("timeline");
        assertThat(OldRedis.giveBack(at(WITHDRAWAL))).isEmpty();
        assertThat(redis.sidekiq.lrange("queue:default", 0, -1)).containsExactly("of the new side", "a job");
        assertThat(redis.sidekiq.exists("rebuilt on the target")).isFalse();
    }

    /** The target's own web processes write it as soon as a robot finds them. */
    @Test
    void cacheThatOnlyOneSideHasIsNoDifference() throws Exception {
        copied();
        redis.target.setex("cache:of the target", 1000, "x");
        redis.source.setex("cache:of the source", 1000, "x");
        assertThat(new AdoptRedis().run(redis.context()).message()).contains("are equal");
        assertThat(redis.source.get("cache:of the source")).isEqualTo("x");
    }

    /** A value would come back to one of them, and the instance might read the other. */
    @Test
    void aNameThatBothHaveIsNotAdopted() throws Exception {
        copied();
        redis.sidekiq.set("timeline", "1");
        assertThatThrownBy(() -> new AdoptRedis().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("both hold 1 key, \"timeline\"").hasMessageContaining("no way back")
                .hasMessageNotContaining("target can have");
        assertNoMarker();
        assertThat(redis.sidekiq.get("timeline")).isEqualTo("1");
    }

    @Test
    void oneThatIsFullIsRefusedInWordsAndGetsItsJobsAllTheSame() throws Exception {
        copied();
        full(redis.sidekiq, () -> assertThatThrownBy(() -> new AdoptRedis().run(redis.context())).isInstanceOf(Refusal.class)
                .hasMessageContaining("source Redis of Sidekiq").hasMessageContaining("is full").hasMessageNotContaining("OOM"));
        assertNoMarker();
        adopted();
        full(redis.sidekiq, () -> assertThat(OldRedis.giveBack(at(WITHDRAWAL))).isEmpty());
        assertNoMarker();
        assertJobsHaveTheirNames();
    }

    private interface Step {
        void run() throws Exception;
    }

    private static void full(Jedis jedis, Step step) throws Exception {
        jedis.configSet("maxmemory", "1");
        try {
            step.run();
        } finally {
            jedis.configSet("maxmemory", "0");
        }
    }
}
