package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever is written on the target, killed, cut and crashed: in the end the source has every row of it, and its own foreign keys and triggers as they were. {@code -Dback.seeds=200} tries
 * more, {@code -Dback.seed=7} repeats one.
 */
@ExtendWith(SharedPostgres.class)
@Execution(ExecutionMode.CONCURRENT)
class WayBackPropertyTest {
    private static final int MOST_CUTS = 5;
    private static final int MOST_PAUSE_MILLISECONDS = 300;
    private static final long RANGE_BYTES = 192 << 10;

    static LongStream seeds() {
        var one = Long.getLong("back.seed");
        return one != null ? LongStream.of(one) : LongStream.rangeClosed(1, Integer.getInteger("back.seeds", 20));
    }

    /** What breaks a connection of ours, or a worker. */
    @FunctionalInterface
    private interface Blow {
        void strike() throws Exception;
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void theSourceEndsEqualAndAsItWas(long seed) throws Exception {
        // Servers of its own, and a copy between them, cost as much as many seeds.
        if (seed % 10 == 7) {
            try (var from = PostgresServer.start(15); var to = PostgresServer.start(15)) {
                var random = new Random(seed);
                follow(MovedInstance.on(from, to), seed, random, () -> {
                    var server = random.nextBoolean() ? from : to;
                    server.kill();
                    server.restart();
                });
            }
        } else {
            var world = MovedInstance.closed();
            var random = new Random(seed);
            follow(world, seed, random, () -> cut(world, random.nextBoolean(), "replicate"));
            world.drop();
        }
    }

    private static void follow(TwoDatabases world, long seed, Random random, Blow blow) throws Exception {
        var before = MovedInstance.definitions(world);
        if (seed % 3 == 0) {
            var adoption = CompletableFuture.runAsync(() -> adopt(world), task -> Thread.ofPlatform().daemon().start(task));
            Thread.sleep(random.nextInt(MOST_PAUSE_MILLISECONDS));
            cut(world, random.nextBoolean(), "adopt");
            adoption.handle((done, failure) -> failure).get(30, TimeUnit.SECONDS);
        }
        MovedInstance.open(world);
        // Starting a worker costs as much as all the rest.
        var killed = seed % 5 == 0 ? Optional.of(LiveWorkerProcess.startBack(world, RANGE_BYTES)) : Optional.<LocalProcess>empty();
        try (var plain = RandomWrites.onTarget(world, seed * 31); var family = FamilyWrites.on(world, seed * 37); var copy = LiveCopy.back(world)) {
            var blows = random.nextInt(1, MOST_CUTS + 1);
            for (var i = 0; i < blows; i++) {
                Thread.sleep(random.nextInt(MOST_PAUSE_MILLISECONDS));
                blow.strike();
                if (i == blows / 2) {
                    killed.ifPresent(LocalProcess::kill);
                }
            }
            copy.awaitInSync();
            assertThat(plain.committed() + family.committed()).as("seed %d wrote", seed).isPositive();
            MovedInstance.goBack(world, copy, before);
            try (var source = world.source()) {
                assertThat(Query.number(source, "SELECT repairs FROM mastodon_migration.live")).as("seed %d: rows that proofs had to repair", seed).isZero();
                assertThat(Query.number(source, "SELECT sum(changes) FROM mastodon_migration.live_tree")).as("seed %d: changes applied", seed).isPositive();
            }
        } finally {
            killed.ifPresent(LocalProcess::close);
        }
    }

    private static void adopt(TwoDatabases world) {
        try {
            world.run(new AdoptDatabases());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void cut(TwoDatabases world, boolean onTarget, String task) throws SQLException {
        try (var superuser = onTarget ? world.targetServer.superuser(world.target) : world.sourceServer.superuser(world.source)) {
            Query.list(superuser, "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'mastodon-migration "
                    + task + "%' ORDER BY random() LIMIT 1) one", row -> row.getBoolean(1));
        }
    }
}
