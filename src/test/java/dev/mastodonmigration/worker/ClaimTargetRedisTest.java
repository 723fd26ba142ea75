package dev.mastodonmigration.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** As {@link ClaimTargetTest}, of Redis. */
class ClaimTargetRedisTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    private static WorkerReport claim() {
        return Worker.attempt(TaskRegistry.all(Map.of()).get(Tasks.CLAIM_TARGET), redis.context());
    }

    @Test
    void whatIsWrongWithTheNewServerStopsItAndNothingIsClaimed() {
        redis.source.set("key", "1");
        redis.target.configSet("maxmemory-policy", "allkeys-lru");
        try {
            assertThat(claim()).satisfies(refused -> {
                assertThat(refused.outcome()).isEqualTo(WorkerReport.Outcome.REFUSED);
                assertThat(refused.message()).contains("target Redis").contains("allkeys-lru");
            });
            assertThat(redis.target.dbSize()).isZero();
        } finally {
            redis.target.configSet("maxmemory-policy", "noeviction");
        }
        assertThat(claim().message()).contains("Claimed the empty target Redis");
        assertThat(claim().message()).contains("is claimed already");
    }

    @Test
    void aServerOfTheOperatorsMakingThatCannotBeReachedNamesTheRule() throws Exception {
        Files.writeString(redis.secrets().resolve(WorkerContext.TARGET_REDIS_REACH), "Its security group lets in TCP 6379 from sg-nodes alone.");
        try {
            redis.target("rediss://:geheim@127.0.0.1:1");
            assertThat(claim().message()).contains("cannot be reached (", "from sg-nodes alone").doesNotContain("geheim").doesNotContain("redis://");
        } finally {
            Files.delete(redis.secrets().resolve(WorkerContext.TARGET_REDIS_REACH));
        }
    }
}
