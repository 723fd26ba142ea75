package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.embedded.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("thorough")
class WriteGateIT {
    /** Each attempt is a new connection, which costs both ends. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    /** A client of its own that no look at Heroku sees: it connects and writes, over and over. */
    private static final class StrayWriter implements AutoCloseable {
        private final CountDownLatch end = new CountDownLatch(1);
        private final AtomicReference<Instant> lastSuccess = new AtomicReference<>();
        private final AtomicReference<Instant> firstSuccess = new AtomicReference<>();
        private final AtomicReference<String> lastRefusal = new AtomicReference<>("");
        private final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
        private final Thread thread;

        private interface Connector {
            Connection connect() throws SQLException;
        }

        StrayWriter(String who, Connector connector, Duration pause) {
            thread = Thread.ofPlatform().name(who).start(() -> {
                try {
                    while (!end.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                        attempt(who, connector);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        private void attempt(String who, Connector connector) {
            var begun = Instant.now();
            try (var connection = connector.connect(); var statement = connection.prepareStatement("INSERT INTO settings (var, value, created_at, updated_at) VALUES (?, ?, now(), now())")) {
                statement.setString(1, who + "-" + begun);
                statement.setString(2, "1");
                statement.executeUpdate();
                acknowledged.add(who + "-" + begun);
                firstSuccess.compareAndSet(null, Instant.now());
                lastSuccess.set(begun);
            } catch (SQLException refused) {
                lastRefusal.set(refused.getMessage());
            }
        }

        @Override
        public void close() throws InterruptedException {
            end.countDown();
            thread.join();
        }
    }

    @Test
    void aStrayWriterIsRefusedDuringTheFreezeAndAWarmedTargetCannotWriteBeforeGoLive() throws Exception {
        try (var world = World.start(World.Options.SMALL.withMajors(14, 17).withScale(4000, 4000))) {
            world.apply(world.example(Map.of("/spec/retire/approved", "true", "/spec/soak/duration", "1s", "/spec/strategy/inSyncFor", "1s")));
            EndToEnd.await(world, "the gate is reached", status -> "AwaitCutover".equals(status.phase));
            try (var scheduler = new StrayWriter("scheduler", world::source, PAUSE); var warmed = new StrayWriter("warmed", world::target, PAUSE)) {
                EndToEnd.await(world, "the stray writer writes before the freeze", status -> scheduler.firstSuccess.get() != null);
                world.edit(Map.of("/spec/cutover/approved", "true"));
                EndToEnd.await(world, "the target is live", status -> status.downtime != null && status.downtime.finishedAt != null);

                var closed = world.status().source.closedAt;
                assertThat(scheduler.lastSuccess.get()).as("no write after the gate is up").isBefore(Instant.parse(closed));
                assertThat(settings(world)).as("every write that was acknowledged").containsAll(scheduler.acknowledged);
                assertThat(scheduler.lastRefusal.get()).contains("this database is closed while migration");
                EndToEnd.await(world, "the warmed process may write once the target is open", status -> warmed.firstSuccess.get() != null);
                assertThat(warmed.firstSuccess.get()).isAfter(Instant.parse(world.status().downtime.targetOpenedAt));
            }
            EndToEnd.awaitCompleted(world);
            assertThat(world.status().phases).allMatch(phase -> phase.state == PhaseState.Succeeded);
            assertThat(world.status().plan).contains("Replicate", "Housekeeping");
            assertThat(world.status().verification.postgres.differences).isZero();
            assertThat(world.status().verification.redis.differences).isZero();
            assertThat(world.events()).as(world.describe()).anyMatch(event -> event.getMessage().contains("The write gate on the source refused"));
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }

    private static List<String> settings(World world) throws SQLException {
        var names = new ArrayList<String>();
        try (var target = world.target(); var rows = target.createStatement().executeQuery("SELECT var FROM settings")) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }
}
