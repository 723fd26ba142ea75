package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is written, killed and cut: in the end both sides are equal. {@code -Dlive.seeds=200} tries more, {@code -Dlive.seed=7} repeats one. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
@Execution(ExecutionMode.CONCURRENT)
class LivePropertyTest {
    private static final int MOST_CUTS = 8;
    /** The larger tables have several ranges. */
    private static final long RANGE_BYTES = 192 << 10;

    static LongStream seeds() {
        var one = Long.getLong("live.seed");
        return one != null ? LongStream.of(one) : LongStream.rangeClosed(1, Integer.getInteger("live.seeds", 10));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void bothSidesEndEqual(long seed) throws Exception {
        var random = new Random(seed);
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        // Every fourth seed kills a worker; starting one costs as much as all the rest.
        var killed = seed % 4 == 0 ? Optional.of(LiveWorkerProcess.start(world, RANGE_BYTES)) : Optional.<LocalProcess>empty();
        try (var first = RandomWrites.on(world, seed * 31); var second = RandomWrites.on(world, seed * 37); var copy = LiveCopy.inRanges(world, RANGE_BYTES)) {
            disturb(world, killed, random);
            copy.awaitInSync();
            var applied = first.committed() + second.committed();
            world.run(new CloseSource());
            var report = copy.drain();
            assertThat(report.outcome()).as("seed %d: %s", seed, report.message()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(applied).as("seed %d wrote", seed).isPositive();
            LiveCopy.assertEqual(world);
            try (var target = world.target()) {
                assertThat(Query.number(target, "SELECT repairs FROM mastodon_migration.live")).as("seed %d: rows that proofs had to repair", seed).isZero();
                assertThat(Query.number(target, "SELECT sum(changes) FROM mastodon_migration.live_tree")).as("seed %d: changes applied", seed).isPositive();
            }
        } finally {
            killed.ifPresent(LocalProcess::close);
        }
        world.drop();
    }

    /** Cuts sessions of ours on both sides, and kills the second worker, if there is one, on the way. */
    private static void disturb(TwoDatabases world, Optional<LocalProcess> other, Random random) throws SQLException, InterruptedException {
        var cuts = random.nextInt(1, MOST_CUTS + 1);
        try (var source = world.sourceServer.superuser(world.source); var target = world.targetServer.superuser(world.target)) {
            for (var i = 0; i < cuts; i++) {
                Thread.sleep(random.nextInt(500));
                cut(random.nextBoolean() ? target : source);
                if (i == cuts / 2) {
                    other.ifPresent(LocalProcess::kill);
                }
            }
        }
    }

    private static void cut(Connection superuser) throws SQLException {
        Query.list(superuser, "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name"
                + " LIKE 'mastodon-migration replicate%' ORDER BY random() LIMIT 1) one", row -> row.getBoolean(1));
    }
}
