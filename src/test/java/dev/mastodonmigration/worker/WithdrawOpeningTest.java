package dev.mastodonmigration.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import dev.mastodonmigration.worker.redis.sync.RedisSnapshotCopy;
import dev.mastodonmigration.worker.redis.sync.RedisTarget;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import redis.clients.jedis.Jedis;

/** A target of a Postgres and a Redis, loaded and not open. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class WithdrawOpeningTest {
    private static final String MARKER_OF_REDIS = "mastodon_migration:marker";
    private static final long BEFORE = 1;
    private static final long OPENING = 2;
    private static final long WITHDRAWAL = 3;
    private static final String REDIS_LOADED_KEY = "mastodon:loaded";
    private static final String QUEUE = "queue:default";
    private static final String ASIDE = "mastodon_migration:aside:queue:default";
    private final WorkerTask open = task(Tasks.OPEN_TARGET);
    private final WorkerTask withdraw = task(Tasks.WITHDRAW_OPENING);
    private final RedisServer sourceRedis = RedisServer.start();
    private final RedisServer targetRedis = RedisServer.start();
    private final Jedis redis = targetRedis.connect();
    private TwoDatabases world;

    @BeforeEach
    void copied() throws Exception {
        try (var source = sourceRedis.connect()) {
            source.set(REDIS_LOADED_KEY, "1");
        }
        world = TwoDatabases.between(15, 15).copied()
                .secret(WorkerContext.SOURCE_REDIS_URL, sourceRedis.url()).secret(WorkerContext.TARGET_REDIS_URL, targetRedis.url());
        RedisTarget.claim(at(BEFORE));
        new RedisSnapshotCopy().run(at(BEFORE));
    }

    @AfterEach
    void stop() {
        redis.close();
        sourceRedis.close();
        targetRedis.close();
    }

    @Test
    void whatIsWithdrawnInTimeCanNoLongerBeOpenedByTheWorkerThatWasToldTo() throws Exception {
        var data = data();
        assertThat(withdraw.run(at(WITHDRAWAL)).figures()).containsEntry(Figure.OPENED, 0L);
        assertThat(withdraw.run(at(WITHDRAWAL)).figures()).as("told again").containsEntry(Figure.OPENED, 0L);
        assertThatThrownBy(() -> open.run(at(OPENING))).isInstanceOf(Refusal.class).hasMessageContaining("epoch");
        assertThat(isPostgresOpen()).isFalse();
        assertThat(isRedisOpen()).isFalse();
        assertThat(data()).isEqualTo(data);
        assertThatThrownBy(() -> world.onTarget("UPDATE settings SET value = 'late'")).as("the gate of the target").hasMessageContaining("refused");
    }

    /** A worker that read the marker before, and slept through the withdrawal. */
    @Test
    void theMarkerItselfRefusesAnOlderWorkerThatIsInTheMiddle() throws Exception {
        withdraw.run(at(WITHDRAWAL));
        try (var target = world.target()) {
            assertThatThrownBy(() -> Marker.update(target, at(OPENING), Marker.State.OPENED, Optional.empty())).isInstanceOf(Refusal.class);
        }
        assertThat(isPostgresOpen()).isFalse();
    }

    @Test
    void whatIsOpenIsToldAndLeftOpen() throws Exception {
        open.run(at(OPENING));
        assertThat(withdraw.run(at(WITHDRAWAL)).figures()).containsEntry(Figure.OPENED, 1L);
        assertThat(isPostgresOpen()).isTrue();
        world.onTarget("UPDATE settings SET value = 'new'");
        assertThat(open.run(at(OPENING)).outcome()).as("opening goes on, by whoever was told to").isEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void oneOfTheTwoIsEnoughAndThenNothingIsRaised() throws Exception {
        RedisTarget.open(at(OPENING));
        assertThat(withdraw.run(at(WITHDRAWAL)).figures()).containsEntry(Figure.OPENED, 1L);
        assertThat(isPostgresOpen()).isFalse();
        assertThat(open.run(at(OPENING)).outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(isPostgresOpen()).isTrue();
    }

    @Test
    void aMigrationOfOneHalfWithdrawsThat() throws Exception {
        world.without(WorkerContext.TARGET_REDIS_URL);
        assertThat(withdraw.run(at(WITHDRAWAL)).figures()).containsEntry(Figure.OPENED, 0L);
        assertThatThrownBy(() -> open.run(at(OPENING))).isInstanceOf(Refusal.class);
    }

    @Test
    void anotherMigrationsTargetIsNotTouched() {
        var other = world.context("another", WITHDRAWAL);
        assertThatThrownBy(() -> withdraw.run(other)).isInstanceOf(Refusal.class);
        assertThat(redis.get(MARKER_OF_REDIS)).contains("\"epoch\":1");
    }

    @Test
    void neverBothWithdrawnAndOpenedHoweverTheyRace() throws Exception {
        var ends = new TreeMap<String, Integer>();
        for (var round = 0; round < 50; round++) {
            loadedAgain();
            var head = round % 3 == 0 ? 0 : ThreadLocalRandom.current().nextInt(60);
            var opening = CompletableFuture.supplyAsync(() -> Worker.attempt(open, at(OPENING)));
            Thread.sleep(head);
            var withdrawal = untilItSays();
            var opened = opening.join();
            var isOpen = isPostgresOpen() || isRedisOpen();
            var what = "round " + round + ", withdrawal " + head + " ms later: opened=" + withdrawal.figures().get(Figure.OPENED) + ", Postgres open " + isPostgresOpen()
                    + ", Redis open " + isRedisOpen() + ", open-target: " + opened;
            assertThat(withdrawal.figures().get(Figure.OPENED) == 1).as(what).isEqualTo(isOpen);
            assertThat(opened.outcome() == Outcome.SUCCEEDED && !isOpen).as(what).isFalse();
            assertThat(sourcesJobs()).as(what).isEqualTo(isOpen ? Map.of(ASIDE, 1L, QUEUE, 0L) : Map.of(ASIDE, 0L, QUEUE, 1L));
            ends.merge(isOpen ? "opened" : "withdrawn", 1, Integer::sum);
        }
        assertThat(ends).as("both ends are tried").containsOnlyKeys("opened", "withdrawn");
    }

    /** Whoever opens ends older sessions, also the one that withdraws: the operator tries again. */
    private WorkerReport untilItSays() {
        for (;;) {
            var report = Worker.attempt(withdraw, at(WITHDRAWAL));
            if (report.outcome() == Outcome.SUCCEEDED) {
                return report;
            }
            assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.RETRYABLE);
        }
    }

    private Map<String, Long> sourcesJobs() {
        try (var source = sourceRedis.connect()) {
            return Map.of(QUEUE, source.llen(QUEUE), ASIDE, source.llen(ASIDE));
        }
    }

    private void loadedAgain() throws Exception {
        try (var source = sourceRedis.connect()) {
            source.flushAll();
            source.sadd("queues", "default");
            source.lpush(QUEUE, "job");
        }
        world.onTarget("UPDATE mastodon_migration.marker SET state = 'loaded', epoch = 1");
        redis.set(MARKER_OF_REDIS, redis.get(MARKER_OF_REDIS).replaceAll("\"state\":\"[A-Z]+\"", "\"state\":\"LOADED\"").replaceAll("\"epoch\":\\d+", "\"epoch\":1"));
    }

    private WorkerContext at(long epoch) {
        return world.context(world.uid, epoch);
    }

    private boolean isPostgresOpen() throws Exception {
        try (var target = world.target()) {
            return Marker.read(target).orElseThrow().state() == Marker.State.OPENED;
        }
    }

    private boolean isRedisOpen() {
        return redis.get(MARKER_OF_REDIS).contains("OPENED");
    }

    private String data() throws Exception {
        try (var target = world.target(); var statement = target.createStatement();
                var rows = statement.executeQuery("SELECT string_agg(s::text, ',' ORDER BY s::text) FROM settings s")) {
            rows.next();
            return rows.getString(1) + redis.get(REDIS_LOADED_KEY) + redis.dbSize();
        }
    }

    private static WorkerTask task(String name) {
        return new TaskRegistry().find(name, Map.of()).orElseThrow();
    }
}
