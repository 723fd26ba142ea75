package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ListPosition;

/** A queue of many megabytes that users fill and Sidekiq empties all the time, at a size of {@code -Dlive.queue.megabytes}. */
class RedisLargeKeyTest {
    private static final int JOBS = Integer.getInteger("live.queue.megabytes", 12) << 10;
    private static final String QUEUE = "queue:default";
    private static final String FILLER = "x".repeat(970);
    private static final Duration STRETCH = Duration.ofMillis(1500);
    private static final double MOST_OF_THE_SOURCE = 0.15;
    /** Following by its ends takes a hundredth or so; bringing it whole each time takes more than a tenth, at 12 MB. */
    private static final double MOST_WHILE_IN_SYNC = 0.05;

    @RegisterExtension
    static final RedisPair redis = new RedisPair();
    private final AtomicLong pushed = new AtomicLong();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private Thread writer;

    @BeforeEach
    void fill() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.eval("for i = 1, ARGV[1] do redis.call('RPUSH', KEYS[1], 'job 0' .. i .. ARGV[2]) end", 1, QUEUE, String.valueOf(JOBS), FILLER);
        writer = Thread.ofPlatform().daemon().start(this::useTheQueue);
    }

    private void useTheQueue() {
        try (var jedis = redis.sourceServer.connect()) {
            while (!stopped.get()) {
                jedis.lpush(QUEUE, "job " + pushed.incrementAndGet() + FILLER);
                jedis.rpop(QUEUE);
                if (pushed.get() % 50 == 0) {
                    // As a Sidekiq that ends and hands back what it has not finished.
                    jedis.rpush(QUEUE, "handed back " + pushed.get() + FILLER);
                }
                LockSupport.parkNanos(200_000);
            }
        }
    }

    @AfterEach
    void rest() throws InterruptedException {
        stopped.set(true);
        writer.join();
    }

    /**
     * How long the source has been busy with commands that are none of its users', by its own count, which goes on while other programs have the processor; how much of the processor it has used, for its users
     * too; and when. Ours is less than either.
     */
    private record Used(double commandSeconds, double processorSeconds, long nanos) {
        double part(Used earlier) {
            return Math.min(commandSeconds - earlier.commandSeconds, processorSeconds - earlier.processorSeconds) * 1e9 / (nanos - earlier.nanos);
        }
    }

    private static Used used() {
        var micros = redis.source.info("commandstats").lines().filter(line -> line.startsWith("cmdstat_") && !line.matches("cmdstat_(lpush|rpop|rpush):.*"))
                .mapToLong(line -> Long.parseLong(line.replaceFirst(".*,usec=(\\d+),.*", "$1"))).sum();
        var processor = redis.source.info("cpu").lines().filter(line -> line.matches("used_cpu_(user|sys)_main_thread:.*")).mapToDouble(line -> Double.parseDouble(line.replaceFirst(".*:", ""))).sum();
        return new Used(micros / 1e6, processor, System.nanoTime());
    }

    private void drainAndCompare(LiveReplication live) throws Exception {
        stopped.set(true);
        writer.join();
        var report = live.drain();
        System.out.println("queue of " + (JOBS >> 10) + " MB: drain " + report.figures().get(Figure.DRAIN_MILLISECONDS) + " ms, verification " + report.figures().get(Figure.VERIFY_MILLISECONDS) + " ms");
        assertThat(report.figures()).containsEntry(Figure.DIFFERENCES, 0L);
        assertThat(redis.target.llen(QUEUE)).isEqualTo(redis.source.llen(QUEUE));
        for (long at = 0; at < redis.source.llen(QUEUE); at += 1000) {
            assertThat(redis.target.lrange(QUEUE, at, at + 999)).as("from job " + at + " on").isEqualTo(redis.source.lrange(QUEUE, at, at + 999));
        }
    }

    private void awaitMore(int jobs) {
        var seen = pushed.get();
        Awaitility.await("more jobs").atMost(Duration.ofSeconds(60)).until(() -> pushed.get() > seen + jobs);
    }

    @Test
    void itGetsAndStaysInSyncAndTheSourceKeepsItsTimeForItsUsers() throws Exception {
        awaitMore(1000);
        var begun = used();
        try (var live = LiveReplication.start(redis.context()).awaitInSync()) {
            // Part of a time that users would notice: in less the first reading of it all is most of what happens.
            Awaitility.await("a stretch").until(() -> System.nanoTime() - begun.nanos() > STRETCH.toNanos());
            assertOurPart("until in sync", begun, MOST_OF_THE_SOURCE);
            assertOurPart("while in sync", awaitStretchInSync(live), MOST_WHILE_IN_SYNC);
            drainAndCompare(live);
        }
    }

    private static void assertOurPart(String when, Used since, double most) {
        var now = used();
        System.out.printf("queue of %d MB: %s, %d ms, %.3f of the source's time is ours%n", JOBS >> 10, when, (now.nanos() - since.nanos()) / 1_000_000, now.part(since));
        assertThat(now.part(since)).as("our part of the source's time " + when).isLessThan(most);
    }

    /** As the operator demands it before it freezes; answers what was used when the stretch began. */
    private static Used awaitStretchInSync(LiveReplication live) {
        var since = new AtomicReference<>(used());
        Awaitility.await("in sync for a stretch").atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20)).until(() -> {
            if (!live.progress.read().inSync()) {
                since.set(used());
            }
            return System.nanoTime() - since.get().nanos() > STRETCH.toNanos();
        });
        return since.get();
    }

    @Test
    void whatChangesInTheMiddleIsOnTheTargetInTheEnd() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync(); var jedis = redis.sourceServer.connect()) {
            change(jedis, "by its place");
            awaitMore(500);
            var between = jedis.lindex(QUEUE, JOBS / 2);
            jedis.linsert(QUEUE, ListPosition.BEFORE, between, "inserted");
            jedis.linsert(QUEUE, ListPosition.AFTER, between, "twice the same");
            jedis.linsert(QUEUE, ListPosition.AFTER, between, "twice the same");
            awaitMore(500);
            jedis.lrem(QUEUE, 1, jedis.lindex(QUEUE, JOBS / 3));
            awaitMore(500);
            change(jedis, "just before the end");
            drainAndCompare(live);
        }
    }

    private static void change(Jedis jedis, String to) {
        jedis.lset(QUEUE, JOBS / 4, to);
    }

    @Test
    void whatBecomesAnotherListIsThatOnTheTarget() throws Exception {
        try (var live = LiveReplication.start(redis.context()).awaitInSync(); var jedis = redis.sourceServer.connect()) {
            jedis.rename(QUEUE, "queue:renamed");
            awaitMore(500);
            jedis.del(QUEUE);
            jedis.copy("queue:renamed", QUEUE, true);
            jedis.lset("queue:renamed", JOBS / 2, "another than in its copy");
            jedis.ltrim(QUEUE, 5, JOBS / 2);
            awaitMore(500);
            drainAndCompare(live);
        }
        assertThat(redis.target.lindex("queue:renamed", JOBS / 2)).isEqualTo("another than in its copy");
        assertThat(redis.target.llen("queue:renamed")).isEqualTo(redis.source.llen("queue:renamed"));
    }
}
