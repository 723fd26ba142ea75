package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.value.GuardedWriter;
import dev.mastodonmigration.worker.redis.value.KeyReader;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.exceptions.JedisConnectionException;

class RedisTargetTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    private static Marker marker() throws Refusal {
        return Marker.read(redis.target).orElseThrow();
    }

    @Test
    void anEmptyTargetIsClaimedOnceAndAgain() throws Exception {
        RedisTarget.claim(redis.context());
        redis.target.set("copied", "1");
        RedisTarget.claim(redis.context());
        assertThat(marker()).isEqualTo(new Marker(RedisPair.UID, "mastodon/example-social", Marker.State.CLAIMED, 1, null));
    }

    @Test
    void aTargetWithKeysIsNeverClaimed() {
        redis.target.set("somebody's", "data");
        assertThatThrownBy(() -> RedisTarget.claim(redis.context())).isInstanceOf(Refusal.class)
                .hasMessageContaining("not empty").hasMessageContaining("\"somebody's\"");
        assertThat(redis.target.keys("*")).containsExactly("somebody's");
    }

    @Test
    void anotherMigrationsTargetIsNeitherClaimedNorCopiedToNorResetNorReleased() throws Exception {
        var other = redis.context(RedisPair.OTHER_UID, 1);
        RedisTarget.claim(other);
        redis.target.set("theirs", "1");
        redis.source.set("ours", "1");
        for (var task : List.of((Attempt) RedisTarget::claim, RedisTarget::open, new RedisSnapshotCopy()::run, new RedisVerify()::run)) {
            assertThatThrownBy(() -> task.on(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("mastodon/other");
        }
        RedisTarget.reset(redis.context());
        RedisTarget.release(redis.context());
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("theirs", "mastodon_migration:marker");
        assertThat(marker().uid()).isEqualTo(RedisPair.OTHER_UID);
    }

    @FunctionalInterface
    private interface Attempt {
        Object on(WorkerContext context) throws Exception;
    }

    @Test
    void onceOpenNothingIsCopiedOrReset() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("key", "frozen");
        new RedisSnapshotCopy().run(redis.context());
        RedisTarget.open(redis.context(RedisPair.UID, 2));
        RedisTarget.open(redis.context(RedisPair.UID, 2));
        assertThat(marker()).isEqualTo(new Marker(RedisPair.UID, "mastodon/example-social", Marker.State.OPENED, 2, marker().writer()));
        redis.target.set("key", "written by a user");

        for (var epoch : new long[] {1, 2, 3}) {
            var context = redis.context(RedisPair.UID, epoch);
            assertThatThrownBy(() -> new RedisSnapshotCopy().run(context)).isInstanceOf(Refusal.class).hasMessageContaining("opened for users");
            assertThatThrownBy(() -> RedisTarget.reset(context)).isInstanceOf(Refusal.class).hasMessageContaining("opened for users");
        }
        assertThat(redis.target.get("key")).isEqualTo("written by a user");
    }

    @Test
    void aWorkerThatSleptPastTheOpeningWritesNothing() throws Exception {
        RedisTarget.claim(redis.context());
        var sleeper = new GuardedWriter(RedisSide.TARGET.open(redis.context()), marker());
        try (sleeper; var reader = KeyReader.of(redis.sourceServer.connect())) {
            redis.source.set("first", "1");
            redis.source.set("second", "frozen");
            var states = reader.read(List.of(RedisKey.of("first"), RedisKey.of("second")));
            sleeper.restore(RedisKey.of("first"), states.get(0).orElseThrow());
            sleeper.flush();

            // Its connection is not ended here, as on a service that forbids CLIENT KILL: the marker alone must hold it off.
            var marker = marker();
            redis.target.set(Marker.KEY.bytes(), marker.in(Marker.State.OPENED).at(2).bytes());
            redis.target.set("second", "written by a user");
            sleeper.restore(RedisKey.of("second"), states.get(1).orElseThrow());
            assertThatThrownBy(sleeper::flush).isInstanceOf(Refusal.class).hasMessageContaining("opened, reset or taken over");
            assertThat(redis.target.get("second")).isEqualTo("written by a user");
        }
    }

    @Test
    void aWorkerThatSleptWhileAnotherOfItsEpochTookOverWritesNothing() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("key", "old");
        new RedisSnapshotCopy().run(redis.context());
        try (var sleeper = new GuardedWriter(RedisSide.TARGET.open(redis.context()), marker()); var reader = KeyReader.of(redis.sourceServer.connect())) {
            sleeper.remove(RedisKey.of("absent"));
            sleeper.flush();
            sleeper.restore(RedisKey.of("key"), reader.read(List.of(RedisKey.of("key"))).getFirst().orElseThrow());
            redis.source.set("key", "new");
            new RedisSnapshotCopy().run(redis.context());
            assertThatThrownBy(sleeper::flush).isInstanceOf(Refusal.class).hasMessageContaining("taken over by another worker");
        }
        assertThat(redis.target.get("key")).isEqualTo("new");
    }

    @Test
    void openingEndsTheConnectionsOfLingeringWorkersOnly() throws Exception {
        RedisTarget.claim(redis.context());
        new RedisSnapshotCopy().run(redis.context());
        try (var lingering = RedisSide.TARGET.open(redis.context()); var stranger = redis.targetServer.connect()) {
            stranger.clientSetname("mastodon-web");
            RedisTarget.open(redis.context(RedisPair.UID, 2));
            assertThatThrownBy(lingering::ping).isInstanceOf(JedisConnectionException.class);
            assertThat(stranger.ping()).isEqualTo("PONG");
        }
    }

    @Test
    void aReplacedWorkerOfAnOlderEpochIsRefusedAndFencedOff() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("key", "1");
        var old = new GuardedWriter(RedisSide.TARGET.open(redis.context()), marker());
        try (old) {
            new RedisSnapshotCopy().run(redis.context(RedisPair.UID, 5));
            old.remove(RedisKey.of("key"));
            assertThatThrownBy(old::flush).isInstanceOf(Refusal.class);
        }
        assertThatThrownBy(() -> new RedisSnapshotCopy().run(redis.context(RedisPair.UID, 4))).isInstanceOf(Refusal.class)
                .hasMessageContaining("epoch 5").hasMessageContaining("epoch 4");
        assertThatThrownBy(() -> RedisTarget.open(redis.context(RedisPair.UID, 4))).isInstanceOf(Refusal.class);
        assertThat(redis.target.get("key")).isEqualTo("1");
    }

    @Test
    void aTargetNotCopiedToItsEndIsNotOpened() throws Exception {
        RedisTarget.claim(redis.context());
        assertThatThrownBy(() -> RedisTarget.open(redis.context(RedisPair.UID, 2))).isInstanceOf(Refusal.class).hasMessageContaining("not been copied to its end");
    }

    @Test
    void copyingWithoutTheMarkerIsRefused() {
        redis.source.set("key", "1");
        assertThatThrownBy(() -> new RedisSnapshotCopy().run(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("marker");
        assertThat(redis.target.dbSize()).isZero();
    }

    @Test
    void resetEmptiesWhatWeFilledAndCanBeRepeated() throws Exception {
        RedisTarget.claim(redis.context());
        IntStream.range(0, 5000).forEach(i -> redis.source.set("key:" + i, "1"));
        new RedisSnapshotCopy().run(redis.context());
        assertThat(redis.target.dbSize()).isEqualTo(5001);
        RedisTarget.reset(redis.context());
        assertThat(redis.target.dbSize()).isZero();
        RedisTarget.reset(redis.context());
        assertThat(redis.source.dbSize()).isEqualTo(5000);
    }

    @Test
    void keysThatOthersWroteAfterTheClaimStopTheCopyAndStay() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("ours", "1");
        redis.target.set("somebody's", "data");
        for (var task : List.of((Attempt) new RedisSnapshotCopy()::run, new ReplicateRedis()::run)) {
            assertThatThrownBy(() -> task.on(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("\"somebody's\"")
                    .hasMessageContaining("another database");
        }
        assertThat(RedisCapacity.check(redis.context(), KeyScope.ALL).blockers()).singleElement().asString().contains("\"somebody's\"").doesNotContain("marker");
        assertThat(redis.target.get("somebody's")).isEqualTo("data");
        assertThat(marker().state()).isEqualTo(Marker.State.CLAIMED);

        redis.target.del("somebody's");
        assertThat(RedisCapacity.check(redis.context(), KeyScope.ALL).blockers()).isEmpty();
        new RedisSnapshotCopy().run(redis.context());
        assertThat(redis.target.get("ours")).isEqualTo("1");
    }

    @Test
    void resetBeforeAnythingWasCopiedTakesOnlyTheMarkerAway() throws Exception {
        RedisTarget.claim(redis.context());
        redis.target.set("somebody's", "data");
        assertThat(RedisTarget.reset(redis.context()).message()).contains("1 keys").contains("\"somebody's\"").contains("were left");
        assertThat(redis.target.keys("*")).containsExactly("somebody's");
    }

    @Test
    void whatTheWaitingWebProcessesCachedDoesNotStopTheCopy() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("ours", "1");
        redis.target.set("cache:rack::attack:1:throttle_unauthenticated_api:127.0.0.1", "3");
        assertThat(RedisCapacity.check(redis.context(), KeyScope.ALL).blockers()).isEmpty();
        new RedisSnapshotCopy().run(redis.context());
        assertThat(redis.target.keys("*")).containsExactlyInAnyOrder("ours", "mastodon_migration:marker");
    }

    @Test
    void aResetCutShortIsGoneOnWith() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("key", "1");
        new RedisSnapshotCopy().run(redis.context());
        redis.target.set(Marker.KEY.bytes(), marker().in(Marker.State.LOADING).bytes());
        RedisTarget.reset(redis.context());
        assertThat(redis.target.dbSize()).isZero();
    }

    @Test
    void resetLeavesADatabaseWithoutOurMarkerAlone() throws Exception {
        redis.target.set("somebody's", "data");
        assertThat(RedisTarget.reset(redis.context()).message()).contains("left as it is");
        assertThat(redis.target.get("somebody's")).isEqualTo("data");
    }

    @Test
    void releaseTakesTheMarkerOffAnOpenedTargetOnly() throws Exception {
        RedisTarget.claim(redis.context());
        assertThatThrownBy(() -> RedisTarget.release(redis.context())).isInstanceOf(Refusal.class).hasMessageContaining("not been opened");
        new RedisSnapshotCopy().run(redis.context());
        RedisTarget.open(redis.context(RedisPair.UID, 2));
        redis.target.set("user", "data");
        RedisTarget.release(redis.context(RedisPair.UID, 2));
        RedisTarget.release(redis.context(RedisPair.UID, 2));
        assertThat(redis.target.keys("*")).containsExactly("user");
    }
}
