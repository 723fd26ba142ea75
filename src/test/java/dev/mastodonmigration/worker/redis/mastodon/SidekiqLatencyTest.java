package dev.mastodonmigration.worker.redis.mastodon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How long jobs wait, as Sidekiq's own page has it. */
class SidekiqLatencyTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    private static WorkerReport look() throws Exception {
        return new SidekiqLatency().run(redis.context());
    }

    private static void push(String queue, String enqueuedAt) {
        redis.target.sadd("queues", queue);
        redis.target.lpush("queue:" + queue, "{\"class\":\"PublishWorker\",\"jid\":\"1\",\"enqueued_at\":" + enqueuedAt + "}");
    }

    /** Seconds with a fraction until Sidekiq 7, milliseconds since Sidekiq 8. */
    @Test
    void theOldestJobOfEachQueueCountsInTheTimeOfEitherSidekiq() throws Exception {
        var now = Instant.now().toEpochMilli();
        push("default", String.valueOf(now - 300_000));
        push("default", String.valueOf(now));
        push("push", String.valueOf((now - 200_000) / 1000.0));
        push("mailers", String.valueOf(now + 60_000));
        redis.target.sadd("queues", "empty");
        var figures = look().figures();
        assertThat(figures).containsOnlyKeys("default", "push", "mailers");
        assertThat(figures.get("default")).isBetween(300L, 330L);
        assertThat(figures.get("push")).isBetween(200L, 230L);
        assertThat(figures.get("mailers")).as("a clock that is ahead").isZero();
    }

    @Test
    void withoutJobsNothingWaits() throws Exception {
        assertThat(look().figures()).isEmpty();
    }

    @Test
    void whatIsNoJobIsNotTakenForOneThatDoesNotWaitNorQuoted() {
        redis.target.sadd("queues", "default");
        redis.target.lpush("queue:default", "{\"args\":[\"secret\"]}");
        assertThatThrownBy(SidekiqLatencyTest::look).hasMessageContaining("does not say since when it waits").hasMessageNotContaining("secret");
        redis.target.rpush("queue:default", "secret");
        assertThatThrownBy(SidekiqLatencyTest::look).hasMessageContaining("is no job of Sidekiq's").hasMessageNotContaining("secret");
    }
}
