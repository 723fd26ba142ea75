package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class FullScanTest {
    private static final int STRAYS = 100_000;
    @RegisterExtension
    static final RedisPair redis = new RedisPair(RedisServer::start, () -> RedisServer.start("enable-debug-command local"));

    /** Else a million of them would be a gap, after which all begins anew, and never a difference. */
    @Test
    void manyStraysWaitUntilThoseBeforeWereLookedAt() throws Exception {
        RedisTarget.claim(redis.context());
        new RedisSnapshotCopy().run(redis.context());
        redis.target.sendCommand(() -> "DEBUG".getBytes(StandardCharsets.US_ASCII), "POPULATE", String.valueOf(STRAYS));
        var progress = new ScanProgress(redis.progress);
        try (var session = Session.atRest(Ends.loaded(redis.context(), Direction.FORWARD, KeyScope.ALL), KeyScope.ALL, Partition.Differing.RECORDED, progress)) {
            var scan = new FullScan(session, new Heartbeat(session), progress);
            scan.recordStrays(every -> true);
            assertThat(session.partitions().backlog().proofs()).isLessThanOrEqualTo(20_000);
            scan.await(Backlog::isNone);
            assertThat(session.partitions().found().count()).isEqualTo(STRAYS);
        }
    }
}
