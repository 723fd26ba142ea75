package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** A one-off dyno that ran during the freeze pushed jobs after the last changes were taken. */
class LateJobsTest {
    @TempDir
    static Path directory;
    private static RedisPair redis;

    @BeforeAll
    static void start() {
        redis = RedisPair.start(directory);
    }

    @AfterAll
    static void stop() {
        redis.close();
    }

    @BeforeEach
    void copied() throws Exception {
        redis.empty();
        redis.source(redis.sourceServer.url());
        redis.noSourceOfSidekiq();
        fill(redis.source);
        copy();
    }

    private static void fill(Jedis source) {
        source.sadd("queues", "default");
        source.lpush("queue:default", "job 1", "job 2");
        source.zadd("schedule", Map.of("later 1", 113_456_789.25, "later 2", 2.0));
    }

    private static void copy() throws Exception {
        redis.target.flushAll();
        RedisTarget.claim(redis.context());
        new RedisSnapshotCopy().run(redis.context());
    }

    private static WorkerReport open() throws Exception {
        return new OpenRedis().run(redis.context(RedisPair.UID, 2));
    }

    private static void assertSameJobs(Jedis source) {
        var queues = source.smembers(aside("queues"));
        assertThat(redis.target.smembers("queues")).isEqualTo(queues).contains("default");
        for (var queue : queues) {
            assertThat(redis.target.lrange("queue:" + queue, 0, -1)).isEqualTo(source.lrange(aside("queue:" + queue), 0, -1));
        }
        for (var set : List.of("schedule", "retry", "dead")) {
            assertThat(redis.target.zrangeWithScores(set, 0, -1)).isEqualTo(source.zrangeWithScores(aside(set), 0, -1));
        }
    }

    private static String aside(String key) {
        return "mastodon_migration:aside:" + key;
    }

    private static void pushLate(Jedis source) {
        source.lpush("queue:default", "late 1", "late 2");
        source.sadd("queues", "mailers");
        source.lpush("queue:mailers", IntStream.range(0, 1234).mapToObj(i -> "mail " + i).toArray(String[]::new));
        source.zadd("schedule", 113_456_789_012_345_678.0, "late later");
        source.zadd("retry", 0.1, "late retry");
    }

    @Test
    void theyGoAlongInTheirOrderAndAreTold() throws Exception {
        pushLate(redis.source);
        assertThat(open().notes()).singleElement().asString().contains("1 in \"queues\"", "2 in \"queue:default\"", "1234 in \"queue:mailers\"", "1 in \"schedule\"", "1 in \"retry\"");
        assertSameJobs(redis.source);
    }

    @Test
    void theyComeFromSidekiqsOwnRedis() throws Exception {
        try (var server = RedisServer.start(); var sidekiq = server.connect()) {
            redis.source.del("queues", "queue:default", "schedule");
            fill(sidekiq);
            redis.sourceOfSidekiq(server.url());
            copy();
            pushLate(sidekiq);
            open();
            assertSameJobs(sidekiq);
        }
    }

    @Test
    void whatTheTargetGotMeanwhileStays() throws Exception {
        redis.target.lpush("queue:default", "of the target's web");
        redis.source.lpush("queue:default", "late");
        open();
        assertThat(redis.target.lrange("queue:default", 0, -1)).containsExactly("late", "of the target's web", "job 2", "job 1");
    }

    @Test
    void nothingLateIsNothingSaid() throws Exception {
        assertThat(open().notes()).isEmpty();
        assertSameJobs(redis.source);
    }

    @Test
    void anOpenTargetGetsNothingBecauseItsSidekiqRanThem() throws Exception {
        open();
        redis.target.del("queue:default", "schedule");
        redis.source.lpush("queue:default", "far too late");
        assertThat(open().notes()).isEmpty();
        assertThat(redis.target.exists("queue:default") || redis.target.exists("schedule")).isFalse();
    }

    @Test
    void aSourceThatIsGoneDoesNotKeepTheTargetClosedAndIsTold() throws Exception {
        redis.source("redis://127.0.0.1:1");
        assertThat(open().notes()).singleElement().asString().contains("could not be asked for jobs", "look there");
        assertThat(Marker.read(redis.target)).hasValueSatisfying(marker -> assertThat(marker.state()).isEqualTo(Marker.State.OPENED));
    }
}
