package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.follow.Following;
import dev.mastodonmigration.worker.redis.mastodon.Direction;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From the new Redis back to the old one, whose own keys are not to be lost on the way. */
class RedisWayBackTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();
    private static final String HELD = "mastodon_migration:aside:";

    private WorkerContext context;

    @BeforeEach
    void move() throws Exception {
        context = redis.context();
        redis.source.set("timeline", "1");
        redis.source.sadd("queues", "default");
        redis.source.lpush("queue:default", "a job");
        redis.source.hset("uniquejobs:1", "a", "b");
        RedisTarget.claim(context);
        new RedisSnapshotCopy().run(context);
        new OpenRedis().run(context);
    }

    private static LiveReplication back(WorkerContext context) {
        return LiveReplication.start(context, new ReplicateRedis(Direction.BACK));
    }

    @Test
    void jobsAreHeldUntilTheyGetTheirNamesBack() throws Exception {
        new AdoptRedis().run(context);
        try (var live = back(context).awaitInSync()) {
            redis.target.set("timeline", "2");
            redis.target.rpop("queue:default");
            redis.target.lpush("queue:default", "of the new side");
            redis.target.lpush("queue:other", "another");
            redis.target.zadd("schedule", 12, "later");
            redis.target.del("uniquejobs:1");
            live.drain();
        }
        assertThat(redis.source.get("timeline")).isEqualTo("2");
        assertThat(redis.source.exists("queues", "queue:default", "queue:other", "schedule", "uniquejobs:1")).isZero();
        assertThat(redis.source.lrange(HELD + "queue:default", 0, -1)).containsExactly("of the new side");
        assertThat(OldRedis.giveBack(context)).isEmpty();
        assertThat(redis.source.lrange("queue:default", 0, -1)).containsExactly("of the new side");
        assertThat(redis.source.lrange("queue:other", 0, -1)).containsExactly("another");
        assertThat(redis.source.zscore("schedule", "later")).isEqualTo(12);
        assertThat(redis.source.smembers("queues")).containsExactly("default");
        assertThat(redis.source.exists("uniquejobs:1")).isFalse();
    }

    @Test
    void nothingIsWrittenToARedisThatWasNotAdopted() throws Exception {
        assertThatThrownBy(() -> new ReplicateRedis(Direction.BACK).run(context)).isInstanceOf(Refusal.class).hasMessageContaining("does not carry this migration's marker");
        assertThat(redis.source.get("timeline")).isEqualTo("1");
    }

    @Test
    void aRedisThatDiffersIsNotAdopted() throws Exception {
        redis.source.set("only here", "x");
        redis.target.set("timeline", "2");
        assertThatThrownBy(() -> new AdoptRedis().run(context)).isInstanceOf(Refusal.class).hasMessageContaining("2 keys differ").hasMessageContaining("only here").hasMessageContaining("timeline");
        assertThat(redis.source.mget("only here", "timeline")).containsExactly("x", "1");
        assertThat(redis.source.exists("mastodon_migration:marker")).isFalse();
    }

    /** Killed before it knew that they are equal: the marker alone lets nobody write. */
    @Test
    void halfAnAdoptionLetsNobodyWrite() throws Exception {
        redis.source.set("only here", "x");
        Ends.adopted(context, KeyScope.ALL);
        assertThatThrownBy(() -> new ReplicateRedis(Direction.BACK).run(context)).isInstanceOf(Refusal.class).hasMessageContaining("was not proved equal")
                .as("it is the instance's own: nobody is to remove keys there").hasMessageNotContaining("remove them here");
        assertThat(redis.source.get("only here")).isEqualTo("x");
        redis.source.del("only here");
        new AdoptRedis().run(context);
        assertThat(new AdoptRedis().run(context).message()).contains("adopted already");
    }

    /** As of a process that was killed: its heartbeat is gone, and Sidekiq's set still names it. */
    @Test
    void whatADeadSidekiqLeftIsNoDifference() throws Exception {
        redis.source.sadd("processes", "web.1:4:0123456789ab");
        redis.source.hset("web.1:4:0123456789ab", "info", "{}");
        assertThat(new AdoptRedis().run(context).message()).contains("are equal");
        assertThat(redis.source.exists("processes", "web.1:4:0123456789ab")).as("nothing is written").isEqualTo(2);
    }

    @Test
    void anOldRedisThatIsFullIsTheOneThatIsNamed() throws Exception {
        new AdoptRedis().run(context);
        redis.target.set("new", "1");
        try (var live = LiveSession.open(Following.CLIENT_TRACKING, Ends.takenOver(context, Direction.BACK, KeyScope.ALL))) {
            redis.source.configSet("maxmemory", "1");
            assertThatThrownBy(() -> {
                live.bringInSync();
                live.drain();
            }).isInstanceOf(Refusal.class).hasMessageContaining("The source Redis is full").hasMessageNotContaining("target");
        } finally {
            redis.source.configSet("maxmemory", "0");
        }
    }

    @Test
    void whoStillWritesToTheNewRedisIsLookedForThere() throws Exception {
        new AdoptRedis().run(context);
        try (var live = LiveSession.open(Following.CLIENT_TRACKING, Ends.takenOver(context, Direction.BACK, KeyScope.ALL))) {
            live.bringInSync();
            live.drain();
            redis.target.set("late", "1");
            assertThatThrownBy(live::proveRest).isInstanceOf(Refusal.class).hasMessageContaining("The target Redis is still written to").hasMessageNotContaining("source");
        }
    }

    @Test
    void whatDiffersIsToldOfTheRedisThatItIsAbout() throws Exception {
        new AdoptRedis().run(context);
        redis.target.set("of the new one", "x");
        redis.source.set("of the old one", "x");
        assertThatThrownBy(() -> new RedisVerify(Direction.BACK).run(context)).isInstanceOf(Refusal.class)
                .hasMessageContaining("\"of the new one\" (it is missing on the source Redis)").hasMessageContaining("\"of the old one\" (only the source Redis has it)")
                .hasMessageContaining("The source Redis was not opened");
    }

    @Test
    void fromATargetThatWasNotCopiedNothingIsBroughtBack() throws Exception {
        redis.target.del("mastodon_migration:marker");
        assertThatThrownBy(() -> new AdoptRedis().run(context)).isInstanceOf(Refusal.class).hasMessageContaining("has not been copied to its end");
        assertThat(redis.source.exists("mastodon_migration:marker")).isFalse();
    }

    /** A one-off dyno that ran after the opening: its jobs are somebody's. */
    @Test
    void aJobThatWasPushedUnderItsOwnNameIsLeftAlone() throws Exception {
        new AdoptRedis().run(context);
        redis.source.lpush("queue:default", "pushed late");
        try (var live = back(context).awaitInSync()) {
            redis.target.lpush("queue:default", "of the new side");
            live.drain();
        }
        assertThat(redis.source.lrange("queue:default", 0, -1)).containsExactly("pushed late");
        assertThat(OldRedis.giveBack(context)).isEmpty();
        assertThat(redis.source.lrange("queue:default", 0, -1)).containsExactly("pushed late", "of the new side", "a job");
    }

    @Test
    void keysGoBackToTheRedisThatHadThem() throws Exception {
        try (var server = RedisServer.start(); var sidekiq = server.connect()) {
            sidekiq.set("stat:processed", "7");
            redis.target.set("stat:processed", "7");
            redis.source.rename(HELD + "queue:default", "moved");
            sidekiq.restore(HELD + "queue:default", 0, redis.source.dump("moved"));
            redis.source.del("moved", HELD + "queues", "uniquejobs:1", "mastodon_migration:aside");
            sidekiq.sadd(HELD + "queues", "default");
            sidekiq.hset("uniquejobs:1", "a", "b");
            redis.sourceOfSidekiq(server.url());
            new AdoptRedis().run(context);
            try (var live = back(context).awaitInSync()) {
                redis.target.incr("stat:processed");
                redis.target.set("new", "1");
                redis.target.lpush("queue:default", "of the new side");
                live.drain();
            }
            assertThat(sidekiq.get("stat:processed")).isEqualTo("8");
            assertThat(sidekiq.lrange(HELD + "queue:default", 0, -1)).isEqualTo(List.of("of the new side", "a job"));
            assertThat(redis.source.get("new")).isEqualTo("1");
            assertThat(redis.source.exists("stat:processed", HELD + "queue:default")).isZero();
        } finally {
            redis.noSourceOfSidekiq();
        }
    }
}
