package dev.mastodonmigration.worker.redis.mastodon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;

/** What Sidekiq leaves in its Redis says whether it does its jobs. */
class SidekiqAtWorkTest {
    private static final String IDENTITY = "sidekiq-default-5d9f:4:0123456789ab";
    private static final String OTHER = "sidekiq-push-77aa:4:ba9876543210";
    private static final Duration SHORT = Duration.ofSeconds(1);
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    private static WorkerReport look(Duration patience) throws Exception {
        return new SidekiqAtWork(patience).run(redis.context());
    }

    private static List<String> faults() throws Exception {
        var report = look(SHORT);
        assertThat(report.outcome()).isEqualTo(Outcome.SUCCEEDED);
        return report.notes();
    }

    private static void beat(Jedis jedis, String identity, String quiet, String... queues) {
        jedis.sadd("processes", identity);
        jedis.hset(identity, Map.of("info", "{\"hostname\":\"h\",\"concurrency\":5,\"queues\":[\"" + String.join("\",\"", queues) + "\"],\"weights\":[{\"default\":8}]}",
                "busy", "0", "beat", String.valueOf(System.currentTimeMillis() / 1000.0), "quiet", quiet, "rss", "1", "rtt_us", "1"));
        jedis.expire(identity, 60);
    }

    private static void push(Jedis jedis, String queue) {
        jedis.sadd("queues", queue);
        jedis.lpush("queue:" + queue, "{\"class\":\"PublishWorker\",\"jid\":\"1\"}");
    }

    @Test
    void aProcessThatLivesAndHasNothingToDoIsWell() throws Exception {
        beat(redis.target, IDENTITY, "false", "default", "push");
        redis.target.sadd("queues", "default");
        redis.target.zadd("schedule", Instant.now().getEpochSecond() + 3600, "{}");
        var report = look(Duration.ofMinutes(1));
        assertThat(report.notes()).isEmpty();
        assertThat(report.message()).isEqualTo("Sidekiq: 1 process runs, no job waits.");
    }

    @Test
    void withoutAHeartbeatThereIsNoSidekiq() throws Exception {
        assertThat(faults()).singleElement().asString().startsWith("No Sidekiq runs: target Redis (127.0.0.1:").contains("Look at the log of Sidekiq");
    }

    /** Its name stays until Sidekiq cleans up; what it said of itself is over. */
    @Test
    void aHeartbeatThatIsOverIsNone() throws Exception {
        beat(redis.target, IDENTITY, "false", "default");
        redis.target.pexpire(IDENTITY, 1);
        Awaitility.await().until(() -> !redis.target.exists(IDENTITY));
        assertThat(faults()).singleElement().asString().startsWith("No Sidekiq runs");
        beat(redis.target, IDENTITY, "false", "default");
        redis.target.persist(IDENTITY);
        assertThat(faults()).as("one that would last for ever is no process's").singleElement().asString().startsWith("No Sidekiq runs");
    }

    @Test
    void aQuietOneIsNamed() throws Exception {
        beat(redis.target, IDENTITY, "true", "default");
        push(redis.target, "default");
        assertThat(faults()).as("what it cannot do is not said of it as well").singleElement().asString().startsWith("Sidekiq process " + IDENTITY + " is quiet");
        beat(redis.target, OTHER, "false", "default");
        assertThat(faults()).hasSize(2);
    }

    @Test
    void jobsThatWaitAndOfWhichNoneIsFinishedAreSaid() throws Exception {
        beat(redis.target, IDENTITY, "false", "default", "mailers");
        redis.target.set("stat:processed", "1200");
        push(redis.target, "default");
        assertThat(faults()).singleElement().asString().startsWith("Jobs wait (queue default), Sidekiq runs, and within 1 s it has finished none.");
        redis.target.del("queue:default");
        redis.target.zadd("retry", Instant.now().getEpochSecond() - 5, "{}");
        assertThat(faults()).singleElement().asString().startsWith("Jobs wait (those that are due in the schedule or as retries), Sidekiq runs");
    }

    @Test
    void jobsThatAllFailAreNotDone() throws Exception {
        beat(redis.target, IDENTITY, "false", "default");
        push(redis.target, "default");
        var looking = CompletableFuture.supplyAsync(() -> reported(Duration.ofSeconds(2)));
        Awaitility.await().until(() -> redis.target.clientList().contains("mastodon-migration-"));
        try (var sidekiq = redis.targetServer.connect()) {
            while (!looking.isDone()) {
                count(sidekiq, 3, 3);
            }
        }
        assertThat(looking.join().notes()).singleElement().asString().startsWith("Every job that Sidekiq took within 2 s failed.");
    }

    private static void count(Jedis sidekiq, long processed, long failed) {
        try (var together = sidekiq.multi()) {
            together.incrBy("stat:processed", processed);
            together.incrBy("stat:failed", failed);
            together.exec();
        }
    }

    private static WorkerReport reported(Duration patience) {
        try {
            return look(patience);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Far sooner than the patience: nobody waits longer than for the next heartbeat. */
    @Test
    void oneMoreThatSucceedsIsEnough() throws Exception {
        beat(redis.target, IDENTITY, "false", "default");
        push(redis.target, "default");
        redis.target.set("stat:processed", "7");
        redis.target.set("stat:failed", "7");
        var looking = CompletableFuture.supplyAsync(() -> reported(Duration.ofMinutes(1)));
        Awaitility.await().until(() -> redis.target.clientList().contains("mastodon-migration-"));
        try (var sidekiq = redis.targetServer.connect()) {
            Awaitility.await().until(() -> {
                count(sidekiq, 2, 1);
                return looking.isDone();
            });
        }
        assertThat(looking.join().notes()).isEmpty();
        assertThat(looking.join().message()).isEqualTo("Sidekiq: 1 process runs, and jobs are done; 1 job waits.");
    }

    @Test
    void queuesThatNoProcessServesAreNamed() throws Exception {
        beat(redis.target, IDENTITY, "false", "default");
        beat(redis.target, OTHER, "false", "push");
        List.of("ingress", "pull").forEach(queue -> push(redis.target, queue));
        assertThat(faults()).singleElement().asString().startsWith("Jobs wait in queues that no Sidekiq process serves: ingress, pull.");
        beat(redis.target, "old:4:0123456789ac", "false");
        redis.target.hdel("old:4:0123456789ac", "info");
        push(redis.target, "default");
        assertThat(faults()).as("one does not tell its queues").singleElement().asString().startsWith("Jobs wait (queue default, queue ingress, queue pull)");
    }

    @Test
    void whereTheRedisStaysTheSourcesIsAsked() throws Exception {
        redis.targetIsPlanned(8);
        beat(redis.source, IDENTITY, "false", "default");
        assertThat(faults()).isEmpty();
        redis.source.del(IDENTITY);
        assertThat(faults()).singleElement().asString().contains("source Redis (127.0.0.1:");
    }

    @Test
    void aRedisThatCannotBeAskedIsSaid() {
        redis.target("redis://127.0.0.1:1");
        var report = Worker.attempt(new SidekiqAtWork(SHORT), redis.context());
        assertThat(report.outcome()).isEqualTo(Outcome.RETRYABLE);
        assertThat(report.message()).contains("target Redis (127.0.0.1:1, database 0) cannot be reached");
    }

    /** Least rights, and nothing written. */
    @Test
    void readingIsEnough() throws Exception {
        beat(redis.target, IDENTITY, "false", "default");
        redis.targetAsUserWithout("-@write");
        assertThat(faults()).isEmpty();
    }
}
