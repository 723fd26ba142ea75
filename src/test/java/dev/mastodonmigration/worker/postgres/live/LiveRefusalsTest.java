package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What cannot be repaired or proved is refused by name, and the target stays closed. */
@ExtendWith(SharedPostgres.class)
class LiveRefusalsTest {
    @Test
    void aRailsMigrationMidwayIsRefusedByName() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world); var another = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
            another.awaitInSync();
            world.onSource("ALTER TABLE plain ADD COLUMN added_midway int");
            for (var worker : List.of(copy, another)) {
                Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(worker.failure()).contains("added_midway"));
            }
            assertThat(Query.string(target, "SELECT stage FROM mastodon_migration.live")).as("nobody began anew").isEqualTo("REFUSED");
            assertThat(Query.number(target, "SELECT count(*) FROM plain")).isPositive();
        }
    }

    @Test
    void aTableWhoseKeyWasChangedAfterTheCaptureIsRefusedByName() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        world.onSource("ALTER TABLE texts DROP CONSTRAINT texts_pkey", "ALTER TABLE texts ADD PRIMARY KEY (n, k)");
        try (var copy = LiveCopy.of(world)) {
            Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(copy.failure()).contains("public.texts", "(k, n)", "(n, k)"));
        }
        assertThatThrownBy(() -> world.run(new InstallCapture())).isInstanceOf(Refusal.class).hasMessageContaining("public.texts");
    }

    @Test
    void aDifferenceInTheFreezeIsNamedAndRefused() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
            world.run(new CloseSource());
            Query.run(target, "SELECT set_config('mastodon_migration.session', (SELECT session FROM mastodon_migration.marker), false)");
            var touched = Query.string(target, "SELECT 'mastodon_migration.touched_' || id FROM mastodon_migration.live_tree WHERE root = 'public.plain'");
            target.setAutoCommit(false);
            Query.run(target, "UPDATE plain SET v = 'sabotage' WHERE id = 42", "INSERT INTO " + touched + " (k1) VALUES (42)",
                    "UPDATE mastodon_migration.live SET draining = true");
            target.commit();
            target.setAutoCommit(true);
            var report = copy.report();
            assertThat(report.outcome()).isEqualTo(Outcome.REFUSED);
            assertThat(report.message()).contains("public.plain", "42");
        }
    }

    @Test
    void aDrainThatMeetsWhatIsNoLongerProvedLeavesTheTargetClosed() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        world.run(new CloseSource());
        try (var target = LiveSessions.target(Direction.FORWARD, world.context()); var sessions = LiveSessions.beside(target, Direction.FORWARD, world.context())) {
            var drain = new Drain(world.context(), sessions, Trees.read(sessions.source()), SourceGuard.copied(target));
            assertThat(drain.isPossible()).isTrue();
            assertThatThrownBy(() -> drain.run(() -> {
                // As a gap does, or a TRUNCATE.
                Query.update(target, "UPDATE mastodon_migration.live_range SET proved = false WHERE id = (SELECT min(id) FROM mastodon_migration.live_range)");
                return new Rounds.Lag(0, System.nanoTime(), true);
            })).isInstanceOf(SQLException.class).hasMessageContaining("proved again");
            assertThat(Query.string(target, "SELECT state FROM mastodon_migration.marker")).isEqualTo("loading");
            Query.update(target, "UPDATE mastodon_migration.live_range SET proved = true");
            var rounds = new AtomicInteger();
            assertThatThrownBy(() -> drain.run(() -> {
                if (rounds.incrementAndGet() == 3) {
                    throw new Refusal("the source's own rows");
                }
                return new Rounds.Lag(0, System.nanoTime(), false);
            })).as("a table that is held up is tried again, not left out").isInstanceOf(Refusal.class);
            assertThat(rounds).hasValue(3);
            assertThat(Query.string(target, "SELECT state FROM mastodon_migration.marker")).isEqualTo("loading");
        }
        try (var next = LiveCopy.of(world)) {
            next.awaitInSync();
            LiveCopy.cutOver(world, next);
        }
    }

    @Test
    void whatCannotBeComparedInTheFreezeIsNotCalledDifferent() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        world.run(new CloseSource());
        try (var target = LiveSessions.target(Direction.FORWARD, world.context()); var sessions = LiveSessions.beside(target, Direction.FORWARD, world.context())) {
            Query.run(target, "INSERT INTO mastodon_migration.touched_" + Query.string(target, "SELECT id FROM mastodon_migration.live_tree WHERE root = 'public.plain'") + " (k1) VALUES (42)");
            Query.run(target, "UPDATE mastodon_migration.live SET mark_nonce = gen_random_uuid()::text");
            assertThatThrownBy(() -> new Drain(world.context(), sessions, Trees.read(sessions.source()), SourceGuard.copied(target)).run(() -> new Rounds.Lag(0, System.nanoTime(), true)))
                    .isInstanceOf(SQLException.class).hasMessageContaining("again before the target can be opened");
        }
    }

    @Test
    void aTableThatItsOwnRowsHoldUpIsRefusedByNameInTheFreezeToo() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
            CorruptIndex.hide(world, "plain_u_key", "INSERT INTO plain (id, u, v) VALUES (90031, 31, 'hidden')");
            world.run(new CloseSource());
            copy.askForDrain();
            Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(copy.failure()).contains("public.plain", "duplicates"));
        }
        try (var target = world.target()) {
            assertThat(Query.string(target, "SELECT state FROM mastodon_migration.marker")).isEqualTo("loading");
        }
    }
}
