package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerContext;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobsPreflightTest {
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
    void empty() {
        redis.empty();
    }

    private static List<String> notes(String served) throws Exception {
        var found = JobsPreflight.of(Map.of(WorkerContext.ENV_SIDEKIQ_QUEUES, served)).check(redis.context());
        assertThat(found.blockers()).isEmpty();
        return found.notes();
    }

    @Test
    void queuesThatNoProcessOfTheTargetServesAreForecastWithTheirJobs() throws Exception {
        redis.source.sadd("queues", "default", "fasp", "of a fork", "empty");
        redis.source.lpush("queue:default", "a job");
        redis.source.lpush("queue:fasp", "a job", "another");
        redis.source.lpush("queue:of a fork", "a job");
        assertThat(notes("default,push")).singleElement().asString().contains("2 in fasp", "1 in of a fork", "spec.target.compute.kubernetes.sidekiq").doesNotContain("default", "empty");
        assertThat(notes("default,fasp,of a fork")).isEmpty();
        assertThat(notes("")).as("the processes stay where they are").isEmpty();
    }

    @Test
    void queuesOfMillionsAreForecastWithWhatTheyCostInTheFreeze() throws Exception {
        redis.source.sadd("queues", "default");
        redis.source.eval("local jobs = {} for i = 1, 1000 do jobs[i] = string.rep('j', 100) end for i = 1, 1000 do redis.call('RPUSH', KEYS[1], unpack(jobs)) end", 1, "queue:default");
        redis.source.zadd("schedule", 1, "later");
        assertThat(notes("default")).singleElement().asString().contains("\"queue:default\" holds 1000000 jobs", "MiB", "s of the freeze", "work them off");
        redis.source.rpop("queue:default");
        assertThat(notes("default")).isEmpty();
    }

    @Test
    void aSourceThatCannotBeAskedIsLeftToTheOneThatNamesIt() throws Exception {
        redis.source("redis://127.0.0.1:1");
        assertThat(notes("default")).isEmpty();
        redis.source(redis.sourceServer.url());
    }
}
