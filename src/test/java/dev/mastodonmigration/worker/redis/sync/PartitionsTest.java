package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PartitionsTest {
    private static final int CHANGES = 100;
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    /** Whoever waits until nothing is left, as the end of the freeze does, is not to come in between. */
    @Test
    void whatWasAppliedIsToBeProvedFromThatMomentOn() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("key", "1");
        var nothingLeftTooSoon = 0;
        try (var session = Session.atRest(Ends.takenOver(redis.context(), Direction.FORWARD, KeyScope.ALL), KeyScope.ALL, Partition.Differing.REPAIRED, (keys, bytes) -> {})) {
            var partitions = session.partitions();
            for (int i = 0; i < CHANGES; i++) {
                partitions.changed(List.of(RedisKey.of("key")));
                while (!partitions.backlog().isNone()) {
                    Thread.yield();
                    partitions.check();
                }
                for (var until = System.nanoTime() + 500_000; System.nanoTime() < until;) {
                    if (!partitions.backlog().isNone()) {
                        nothingLeftTooSoon++;
                        while (!partitions.backlog().isNone()) {
                    Thread.yield();
                            partitions.check();
                        }
                    }
                }
            }
        }
        assertThat(nothingLeftTooSoon).isZero();
    }
}
