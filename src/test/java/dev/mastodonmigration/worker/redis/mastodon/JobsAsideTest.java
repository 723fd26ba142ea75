package dev.mastodonmigration.worker.redis.mastodon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.TaskRegistry;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.sync.OpenRedis;
import dev.mastodonmigration.worker.redis.sync.RedisSnapshotCopy;
import dev.mastodonmigration.worker.redis.sync.RedisTarget;
import dev.mastodonmigration.worker.redis.sync.RedisVerify;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;

/** The old Redis must not run a job again once the target is open, and must have every job when it is to go on. */
class JobsAsideTest {
    private static final String ASIDE = "mastodon_migration:aside:";
    private static final List<String> JOBS = List.of("queues", "queue:default", "queue:unlisted", "schedule", "retry", "dead", "uniquejobs:digests");
    private static final int OPENING = 2;
    private static final int WITHDRAWAL = 3;
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @BeforeEach
    void copied() throws Exception {
        redis.source.sadd("queues", "default");
        redis.source.lpush("queue:default", "job 1", "job 2");
        redis.source.lpush("queue:unlisted", "job 3");
        redis.source.zadd("schedule", Map.of("later 1", 113_456_789.25, "later 2", 2.0));
        redis.source.zadd("retry", 1, "again");
        redis.source.zadd("dead", 1, "given up");
        redis.source.zadd("uniquejobs:digests", 1, "digest");
        redis.source.set("feed", "stays");
        RedisTarget.claim(redis.context());
        new RedisSnapshotCopy().run(redis.context());
    }

    private static WorkerReport open(long epoch) throws Exception {
        var task = new OpenRedis();
        task.standBy(redis.context(RedisPair.UID, epoch));
        return task.run(redis.context(RedisPair.UID, epoch));
    }

    private static WorkerReport withdraw(long epoch) throws Exception {
        return new TaskRegistry().find(Tasks.WITHDRAW_OPENING, Map.of()).orElseThrow().run(redis.context(RedisPair.UID, epoch));
    }

    /** As a worker does that is killed before it opens the target. */
    private static void setAside(long epoch) throws Exception {
        new JobsAside(redis.source, redis.context(RedisPair.UID, epoch), "source Redis").set(JOBS.stream().map(RedisKey::of).toList());
    }

    private static Map<String, Object> contents(Jedis jedis) {
        var contents = new TreeMap<String, Object>();
        for (var key : jedis.keys("*")) {
            switch (jedis.type(key)) {
                case "list" -> contents.put(key, jedis.lrange(key, 0, -1));
                case "zset" -> contents.put(key, jedis.zrangeWithScores(key, 0, -1));
                case "set" -> contents.put(key, jedis.smembers(key));
                case "string" -> contents.put(key, jedis.get(key));
                default -> { }
            }
        }
        return contents;
    }

    private static boolean isOpen() throws Refusal {
        return Marker.read(redis.target).orElseThrow().state() == Marker.State.OPENED;
    }

    @Test
    void aHerokuThatWakesUpAfterTheOpeningFindsNoJobAndNoneIsLost() throws Exception {
        var before = contents(redis.source);
        assertThat(open(OPENING).notes()).isEmpty();
        JOBS.forEach(key -> {
            assertThat(redis.source.exists(key)).as("a Sidekiq on the source would take from " + key).isFalse();
            assertThat(contents(redis.source).get(ASIDE + key)).isEqualTo(before.get(key));
            assertThat(contents(redis.target).get(key)).isEqualTo(before.get(key));
        });
        assertThat(redis.source.get("feed")).isEqualTo("stays");
        open(OPENING);
        assertThat(contents(redis.source).get(ASIDE + "queue:default")).as("run again").isEqualTo(before.get("queue:default"));
    }

    @Test
    void aJobThatIsPushedBetweenSettingAsideAndOpeningGoesAlongInItsOrder() throws Exception {
        setAside(OPENING);
        redis.source.sadd("queues", "default", "new");
        redis.source.lpush("queue:default", "late 1", "late 2");
        redis.source.lpush("queue:new", "late 3");
        redis.source.zadd("schedule", 7, "late later");
        assertThat(open(OPENING).notes()).singleElement().asString().contains("2 in \"queue:default\"", "1 in \"queue:new\"", "1 in \"schedule\"", "1 in \"queues\"");
        for (var jobs : List.of(contents(redis.target), aside())) {
            assertThat(jobs.get("queue:default")).isEqualTo(List.of("late 2", "late 1", "job 2", "job 1"));
            assertThat(jobs.get("queue:new")).isEqualTo(List.of("late 3"));
            assertThat(jobs.get("queues").toString()).contains("default", "new");
            assertThat(jobs.get("schedule").toString()).contains("late later", "later 1", "later 2");
        }
        assertThat(redis.source.exists("queue:default", "queue:new", "queues", "schedule")).isZero();
    }

    @Test
    void whatIsPushedWhileTheTargetOpensIsTold() throws Exception {
        var aside = new JobsAside(redis.source, redis.context(RedisPair.UID, OPENING), "source Redis");
        var keys = JOBS.stream().map(RedisKey::of).toList();
        aside.set(keys);
        assertThat(aside.pushedSince(keys)).isEmpty();
        redis.source.lpush("queue:default", "far too late");
        assertThat(aside.pushedSince(keys)).hasValueSatisfying(note -> assertThat(note).contains("look there at \"queue:default\"", "still runs on the old host"));
    }

    private static Map<String, Object> aside() {
        var aside = new TreeMap<String, Object>();
        contents(redis.source).forEach((key, value) -> {
            if (key.startsWith(ASIDE)) {
                aside.put(key.substring(ASIDE.length()), value);
            }
        });
        return aside;
    }

    @Test
    void goingBackGivesEveryJobItsNameAlsoThoseThatCameMeanwhile() throws Exception {
        var before = contents(redis.source);
        setAside(OPENING);
        redis.source.lpush("queue:default", "late");
        assertThat(withdraw(WITHDRAWAL).figures()).containsEntry(Figure.OPENED, 0L);
        before.put("queue:default", List.of("late", "job 2", "job 1"));
        assertThat(contents(redis.source)).isEqualTo(before);
        redis.source.rpop("queue:default");
        assertThat(withdraw(WITHDRAWAL).notes()).as("told again").isEmpty();
        assertThat(redis.source.lrange("queue:default", 0, -1)).containsExactly("late", "job 2");
        new RedisSnapshotCopy().run(redis.context(RedisPair.UID, WITHDRAWAL));
        new RedisVerify().run(redis.context(RedisPair.UID, WITHDRAWAL));
        open(WITHDRAWAL + 1);
        assertThat(redis.source.exists(JOBS.toArray(String[]::new))).as("the next opening sets them aside").isZero();
    }

    @Test
    void aWorkerThatSleptSinceBeforeTheWithdrawalTakesNoJobFromTheSourceThatRunsAgain() throws Exception {
        withdraw(WITHDRAWAL);
        var running = contents(redis.source);
        assertThatThrownBy(() -> setAside(OPENING)).isInstanceOf(Refusal.class).hasMessageContaining("newer worker");
        assertThat(contents(redis.source)).isEqualTo(running);
        assertThat(redis.source.ttl("mastodon_migration:aside_epochs")).as("goes by itself").isPositive();
    }

    @Test
    void aWithdrawalThatSleptGivesNoJobBackOnceAnotherOpeningHasSetThemAside() throws Exception {
        setAside(WITHDRAWAL + 1);
        assertThatThrownBy(() -> ReturningJobs.putBack(redis.context(RedisPair.UID, WITHDRAWAL))).isInstanceOf(Refusal.class).hasMessageContaining("newer worker");
        assertThat(redis.source.exists(JOBS.toArray(String[]::new))).isZero();
    }

    @Test
    void anOpenTargetKeepsTheSourcesJobsAside() throws Exception {
        open(OPENING);
        assertThat(withdraw(WITHDRAWAL).figures()).containsEntry(Figure.OPENED, 1L);
        assertThat(redis.source.exists(JOBS.toArray(String[]::new))).isZero();
    }

    @Test
    void aSourceThatForbidsItKeepsItsNamesIsToldAndDoesNotKeepTheTargetClosed() throws Exception {
        for (var right : List.of("-eval", "-renamenx")) {
            redis.sourceAsUserWithout(right);
            assertThat(JobsPreflight.of(Map.of()).check(redis.context()).notes()).as(right).anySatisfy(note -> assertThat(note).contains("second time", "Allow EVAL and RENAMENX"));
            redis.source.lpush("queue:default", "late " + right);
            assertThat(open(OPENING).notes()).as(right).anySatisfy(note -> assertThat(note).contains("kept their names", "delete or rename"))
                    .anySatisfy(note -> assertThat(note).contains("1 in \"queue:default\""));
            assertThat(isOpen()).isTrue();
            assertThat(redis.source.exists("queue:default", "schedule", "retry")).isEqualTo(3);
            redis.target.set(Marker.KEY.bytes(), Marker.read(redis.target).orElseThrow().in(Marker.State.LOADED).bytes());
            assertThat(withdraw(WITHDRAWAL).figures()).as("nothing is in the way of going back either").containsEntry(Figure.OPENED, 0L);
            redis.target.set(Marker.KEY.bytes(), Marker.read(redis.target).orElseThrow().at(1).bytes());
            redis.source.del("mastodon_migration:aside_epochs");
        }
    }

    @Test
    void aKeyOfAnotherTypeUnderAJobsNameIsLeftAloneAndNothingIsOverwritten() throws Exception {
        setAside(OPENING);
        redis.source.set("queue:default", "somebody's");
        redis.source.zadd("schedule", 9, "later 1");
        assertThat(withdraw(WITHDRAWAL).notes()).singleElement().asString().contains("another type", "\"queue:default\"", "By hand");
        assertThat(redis.source.get("queue:default")).isEqualTo("somebody's");
        assertThat(redis.source.lrange(ASIDE + "queue:default", 0, -1)).containsExactly("job 2", "job 1");
        assertThat(redis.source.zrange("schedule", 0, -1)).containsExactly("later 2", "later 1");
        assertThat(redis.source.lrange("queue:unlisted", 0, -1)).containsExactly("job 3");
        assertThat(JobsPreflight.of(Map.of()).check(redis.context()).blockers()).anySatisfy(blocker -> assertThat(blocker).contains(ASIDE, "set them aside", "By hand"));
    }

    /** The commands that the README gives an admin who has no operator any more. */
    @Test
    void theCommandsByHandGiveEveryJobItsName() throws Exception {
        var before = contents(redis.source);
        setAside(OPENING);
        var block = Pattern.compile("(?s)```sh\\n\\s*# on the source's Redis\\n(.*?)```").matcher(Files.readString(Path.of("README.md")));
        assertThat(block.find()).isTrue();
        var script = block.group(1).replace("heroku config:get REDIS_URL --app example-web", "echo " + redis.sourceServer.url());
        var shell = new ProcessBuilder("sh", "-c", script).redirectErrorStream(true).start();
        var said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(shell.waitFor()).as(said).isZero();
        before.keySet().forEach(key -> assertThat(contents(redis.source).get(key)).as(key).isEqualTo(before.get(key)));
        assertThat(redis.source.exists("mastodon_migration:aside")).isFalse();
    }

    /** It came by the way back, which keeps no list of names. */
    @Test
    void whatTheWayBackBroughtAndCannotGetItsNameIsTold() throws Exception {
        redis.source.flushAll();
        redis.source.lpush(ASIDE + "queue:late", "a job");
        redis.source.set("queue:late", "no queue");
        assertThat(ReturningJobs.putBack(redis.context(RedisPair.UID, 9))).singleElement().asString().contains("could not be given their names back").contains("queue:late");
        assertThat(redis.source.lrange(ASIDE + "queue:late", 0, -1)).containsExactly("a job");
    }

    @Test
    void whatTheWayBackBroughtStandsInTheWayOfAnotherMigration() {
        redis.source.flushAll();
        redis.source.lpush(ASIDE + "queue:late", "a job");
        assertThat(ReturningJobs.leftover(redis.source, "source Redis").orElse("")).contains("Sidekiq's jobs under names that begin with");
    }
}
