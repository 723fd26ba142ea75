package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The target's replica was promoted, and the Secret names it, while the target that a session writes lives on. */
class SucceededTargetTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @BeforeEach
    void claim() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("key", "1");
    }

    private static Session session() throws Exception {
        return Session.atRest(Ends.takenOver(redis.context(), Direction.FORWARD, KeyScope.ALL), KeyScope.ALL, Partition.Differing.REPAIRED, (keys, bytes) -> {});
    }

    @Test
    void aSessionToTheOldOneEndsAtItsNextLook() throws Exception {
        try (var session = session(); var successor = RedisServer.start()) {
            session.demandSameTargets();
            redis.target(successor.url());
            assertThatThrownBy(session::demandSameTargets).isInstanceOf(Gap.class).hasMessageContaining("names another target");
            assertThatThrownBy(() -> new Heartbeat(session).demandAll()).isInstanceOf(Gap.class).hasMessageContaining("names another target");
        }
    }

    /** The Secret may change after the last look. */
    @Test
    void whatWasProvedOnTheOldOneOpensNoOther() throws Exception {
        try (var session = session(); var successor = RedisServer.start(); var there = successor.connect()) {
            there.set(Marker.KEY.bytes(), redis.target.get(Marker.KEY.bytes()));
            redis.target(successor.url());
            session.markLoaded();
            assertThat(new MarkedTarget(redis.target, redis.context(), "the old one").loaded().state()).isEqualTo(Marker.State.LOADED);
            var promoted = new MarkedTarget(there, redis.context(), "the one that is to be opened");
            assertThatThrownBy(promoted::loaded).isInstanceOf(Refusal.class).hasMessageContaining("the one that is to be opened");
        }
    }
}
