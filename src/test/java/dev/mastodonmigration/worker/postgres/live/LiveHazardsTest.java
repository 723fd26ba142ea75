package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.OpenTarget;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.Side;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** One danger each: what a live copy must survive, and what it must refuse. */
@ExtendWith(SharedPostgres.class)
class LiveHazardsTest {
    private static final String LANDED = "SELECT count(*) FROM mastodon_migration.live_range WHERE landed";

    @Test
    void aTransactionHeldOpenOverManyRoundsArrives() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world); var old = world.source(); var target = world.target()) {
            old.setAutoCommit(false);
            Query.run(old, "UPDATE plain SET v = 'held open' WHERE id <= 10", "DELETE FROM texts WHERE n = 3");
            copy.awaitInSync();
            var rounds = "SELECT rounds FROM mastodon_migration.live_tree WHERE root = 'public.plain'";
            for (var i = 0; i < 3; i++) {
                var before = Query.number(target, rounds);
                world.onSource("UPDATE plain SET v = 'later' WHERE id = 20");
                await(target, "SELECT (" + rounds + ") > " + before);
            }
            old.commit();
            await(target, "SELECT count(*) = 10 FROM plain WHERE v = 'held open'");
            LiveCopy.cutOver(world, copy);
            assertThat(Query.number(target, "SELECT count(*) FROM texts WHERE n = 3")).isZero();
        }
    }

    @Test
    void everyWorkerEndsWhenAnyOfThemIsAskedToDrain() throws Exception {
        var world = world();
        try (var first = LiveCopy.of(world); var second = LiveCopy.of(world)) {
            first.awaitInSync();
            second.awaitInSync();
            LiveCopy.cutOver(world, second);
            assertThat(first.report().outcome()).isEqualTo(Outcome.SUCCEEDED);
        }
        try (var again = LiveCopy.of(world)) {
            assertThat(again.report().message()).as("a worker that comes later says the same").contains("The target has reached the source");
        }
    }

    @Test
    void aKilledWorkerCostsOnlyTheRangesItHeld() throws Exception {
        var world = world();
        try (var worker = LiveWorkerProcess.start(world, 4 << 10); var target = world.target()) {
            awaitCopying(target);
            worker.kill();
            var landed = Query.strings(target, "SELECT id FROM mastodon_migration.live_range WHERE landed");
            assertThat(Query.number(target, "SELECT count(*) FROM mastodon_migration.live_range WHERE NOT landed AND token > 0")).isLessThanOrEqualTo(2);
            assertThat(landed).isNotEmpty();
            try (var copy = LiveCopy.of(world)) {
                copy.awaitInSync();
                assertThat(Query.strings(target, "SELECT id FROM mastodon_migration.live_range WHERE landed")).as("the same plan").containsAll(landed);
                LiveCopy.cutOver(world, copy);
            }
        }
    }

    @Test
    void aWorkerThatSleptPastItsClaimAndTheOpeningWritesNothing() throws Exception {
        var world = world();
        try (var sleeper = LiveWorkerProcess.start(world, 4 << 10); var target = world.target()) {
            awaitCopying(target);
            signal("STOP", sleeper.pid());
            try (var copy = LiveCopy.of(world)) {
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
            new OpenTarget().run(world.context(world.uid, 2));
            world.onTarget("UPDATE plain SET v = 'written after the opening'");
            signal("CONT", sleeper.pid());
            assertThat(sleeper.waitFor()).isNotZero();
            assertThat(Query.number(target, "SELECT count(*) FROM plain WHERE v <> 'written after the opening'")).isZero();
        }
    }

    @Test
    void aWorkerThatFellAsleepBetweenItsMarkAndItsCommitHoldsUpNobody() throws Exception {
        var world = world();
        try (var target = world.target()) {
            try (var worker = LiveWorkerProcess.start(world, 4 << 10)) {
                awaitCopying(target);
                worker.kill();
            }
            try (var hand = asleep(world, "UPDATE mastodon_migration.live_range SET backend = pg_backend_pid(), until = clock_timestamp() + interval '1 s'"
                    + " WHERE id = (SELECT max(id) FROM mastodon_migration.live_range)", "UPDATE mastodon_migration.live_range SET landed = true"
                    + " WHERE id = (SELECT max(id) FROM mastodon_migration.live_range)");
                    var copy = LiveCopy.of(world)) {
                Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> !hand.isValid(1));
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
        }
    }

    @Test
    void whoLeadsPassesTheGateOfALoadThatBeganAfterItsSessionWasOpened() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        try (var target = LiveSessions.target(Direction.FORWARD, world.context()); var other = LiveSessions.target(Direction.FORWARD, world.context())) {
            Marker.update(other, world.context(), Marker.State.LOADING, Optional.of("of another load"));
            assertThatThrownBy(() -> Query.run(target, "UPDATE plain SET v = v")).hasMessageContaining("refused");
            try (var sessions = LiveSessions.beside(target, Direction.FORWARD, world.context())) {
                Query.run(sessions.target(), "UPDATE plain SET v = v");
            }
        }
    }

    @Test
    void aLeaderThatFellAsleepInTheMidstOfARoundHoldsUpNobody() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        try (var old = asleep(world, "SELECT pg_advisory_lock(hashtext('mastodon_migration'), 2)", "UPDATE mastodon_migration.live_leader SET"
                + " backend = pg_backend_pid(), until = clock_timestamp() + interval '1 s'", "UPDATE mastodon_migration.live_tree SET rounds = rounds + 1");
                var copy = LiveCopy.of(world)) {
            world.onSource("UPDATE plain SET v = 'later' WHERE id = 20");
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> !old.isValid(1));
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    /** A session of a worker that did these, and fell asleep before it committed the last. */
    private static Connection asleep(TwoDatabases world, String... statements) throws Exception {
        var session = LiveSessions.target(Direction.FORWARD, world.context());
        for (var i = 0; i < statements.length; i++) {
            session.setAutoCommit(i < statements.length - 1);
            Query.run(session, statements[i]);
        }
        return session;
    }

    @Test
    void aRangeCopiedFromAnOldReadingNeitherOverwritesNorResurrects() throws Exception {
        var world = world();
        try (var target = world.target()) {
            try (var worker = LiveWorkerProcess.start(world, 4 << 10)) {
                awaitCopying(target);
                worker.kill();
            }
            // Half is copied: some of these rows are on the target already, others will be read in their new state.
            world.onSource("UPDATE plain SET v = 'newer' WHERE id % 2 = 0", "DELETE FROM plain WHERE id % 3 = 0", "DELETE FROM texts WHERE n = 1");
            try (var copy = LiveCopy.of(world)) {
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
            assertThat(Query.number(target, "SELECT count(*) FROM plain WHERE id % 3 = 0 OR id % 2 = 0 AND v <> 'newer'")).isZero();
        }
    }

    @Test
    void changesThatWentByUnloggedAreFoundAndRepaired() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
            world.onSource("SELECT setval('mastodon_migration.lease', 0)", "UPDATE plain SET v = 'unnoticed' WHERE id BETWEEN 5 AND 25",
                    "DELETE FROM texts WHERE n = 2", "INSERT INTO token_only VALUES ('unnoticed', 'x')", "UPDATE plain SET u = u + 100000 WHERE id = 77");
            await(target, "SELECT repairs > 20 FROM mastodon_migration.live");
            copy.awaitInSync();
            var report = LiveCopy.cutOver(world, copy);
            assertThat(report.notes()).anyMatch(note -> note.contains("table public.plain") && note.contains("rows differed before the freeze and were repaired")
                    && note.contains("(id) = ("));
            assertThat(report.notes()).as("a unique key may be a token").noneMatch(note -> note.contains("token_only") && note.contains("unnoticed"));
            assertThat(Query.number(target, "SELECT count(*) FROM plain WHERE v = 'unnoticed'")).isEqualTo(21);
        }
    }

    @Test
    void aWorkerKilledWhenAllWasDoneAndNotYetToldLeavesItToTheNext() throws Exception {
        var world = world();
        try (var target = world.target()) {
            try (var copy = LiveCopy.of(world)) {
                copy.awaitInSync();
                var session = Query.string(target, "SELECT session FROM mastodon_migration.marker");
                LiveCopy.cutOver(world, copy);
                // As it was between the last two commits.
                Query.update(target, "UPDATE mastodon_migration.marker SET state = 'loading', session = ?", session);
                Query.run(target, "UPDATE mastodon_migration.live SET stage = 'APPLYING', outcome = NULL");
            }
            try (var next = LiveCopy.of(world)) {
                LiveCopy.cutOver(world, next);
            }
        }
    }

    @Test
    void whoLosesTheTargetNoLongerSaysInSync() throws Exception {
        try (var server = PostgresServer.start(15)) {
            var world = TwoDatabases.empty(SharedPostgres.of(15), server);
            RandomWrites.prepare(world);
            LiveCopy.captured(world);
            try (var copy = LiveCopy.of(world)) {
                copy.awaitInSync();
                server.kill();
                Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> !copy.progress().inSync());
                Awaitility.await().during(Duration.ofSeconds(3)).atMost(Duration.ofSeconds(10)).until(() -> !copy.progress().inSync());
                server.restart();
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
        }
    }

    @Test
    void anotherServerBehindTheSameAddressIsAGap() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
            Query.run(target, "UPDATE mastodon_migration.live SET identity = 'the server before the failover', in_sync = false");
            await(target, "SELECT identity <> 'the server before the failover' FROM mastodon_migration.live");
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    @Test
    void aRailsMigrationMidwayIsRefusedByName() throws Exception {
        var world = world();
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
    void aDrainThatMeetsWhatIsNoLongerProvedLeavesTheTargetClosed() throws Exception {
        var world = world();
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
    void aReusedUniqueValueHoldsUpItsTableOnlyAndUntilItsProof() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        try (var target = LiveSessions.target(Direction.FORWARD, world.context()); var source = world.source()) {
            // A row that went by unlogged, and its unique value in another one, logged.
            Query.run(source, "ALTER TABLE plain DISABLE TRIGGER USER", "DELETE FROM plain WHERE id = 30", "ALTER TABLE plain ENABLE ALWAYS TRIGGER"
                    + " mastodon_migration_insert", "ALTER TABLE plain ENABLE ALWAYS TRIGGER mastodon_migration_update", "ALTER TABLE plain ENABLE ALWAYS TRIGGER"
                    + " mastodon_migration_delete", "ALTER TABLE plain ENABLE ALWAYS TRIGGER mastodon_migration_truncate",
                    "INSERT INTO plain (id, u, v) VALUES (90030, 30, 'reused')", "UPDATE texts SET v = 'followed' WHERE n = 3");
            Query.run(target, "UPDATE mastodon_migration.live_range SET proved = false WHERE member = 'public.plain'");
            try (var leader = new Leader(Direction.FORWARD, world.context(), target, new Room(), new Trouble(Side.TARGET), new LockWaiters())) {
                var loops = new AtomicInteger();
                assertThatThrownBy(() -> leader.run(() -> loops.incrementAndGet() < 10)).isInstanceOf(SQLException.class).hasMessageContaining("begins anew");
            }
            assertThat(Query.isTrue(target, "SELECT count(*) > 0 AND bool_and(v = 'followed') FROM texts WHERE n = 3")).isTrue();
            assertThat(Query.number(target, "SELECT count(*) FROM plain WHERE id = 90030")).isZero();
            assertThat(Query.isTrue(target, "SELECT in_sync FROM mastodon_migration.live")).isFalse();
            Query.run(target, "UPDATE mastodon_migration.live_range SET proved = true");
            try (var leader = new Leader(Direction.FORWARD, world.context(), target, new Room(), new Trouble(Side.TARGET), new LockWaiters())) {
                assertThatThrownBy(() -> leader.run(() -> true)).as("nothing left to find").isInstanceOf(Refusal.class).hasMessageContaining("public.plain");
            }
            Query.run(target, "UPDATE mastodon_migration.live_range SET proved = false WHERE member = 'public.plain'");
        }
        try (var next = LiveCopy.of(world)) {
            next.awaitInSync();
            LiveCopy.cutOver(world, next);
        }
    }

    @Test
    void aConstraintThatIsCheckedAtTheEndHoldsUpItsTableOnlyToo() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        try (var target = LiveSessions.target(Direction.FORWARD, world.context()); var superuser = world.sourceServer.superuser(world.source)) {
            Query.run(superuser, "ALTER TABLE numbered DISABLE TRIGGER USER", "DELETE FROM numbered WHERE v = 30");
            for (var event : Capture.EVENTS) {
                Query.run(superuser, "ALTER TABLE numbered ENABLE ALWAYS TRIGGER " + Capture.trigger(event));
            }
            Query.run(superuser, "INSERT INTO numbered (v) VALUES (30)", "UPDATE texts SET v = 'followed' WHERE n = 3");
            Query.run(target, "UPDATE mastodon_migration.live_range SET proved = false WHERE member = 'public.numbered'");
            try (var leader = new Leader(Direction.FORWARD, world.context(), target, new Room(), new Trouble(Side.TARGET), new LockWaiters())) {
                var loops = new AtomicInteger();
                assertThatThrownBy(() -> leader.run(() -> loops.incrementAndGet() < 10)).isInstanceOf(SQLException.class).hasMessageContaining("begins anew");
            }
            assertThat(Query.isTrue(target, "SELECT count(*) > 0 AND bool_and(v = 'followed') FROM texts WHERE n = 3")).isTrue();
        }
        try (var next = LiveCopy.of(world)) {
            next.awaitInSync();
            LiveCopy.cutOver(world, next);
        }
    }

    @Test
    void aRefusedRoundOfManyRowsLeavesTheReadingWhole() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        try (var target = LiveSessions.target(Direction.FORWARD, world.context()); var source = world.source()) {
            // The first row that comes is refused when most are still on their way.
            Query.run(source, "ALTER TABLE plain DISABLE TRIGGER USER", "DELETE FROM plain WHERE id = 30", "ALTER TABLE plain ENABLE TRIGGER USER");
            for (var event : Capture.EVENTS) {
                Query.run(source, "ALTER TABLE plain ENABLE ALWAYS TRIGGER " + Capture.trigger(event));
            }
            Query.run(source, "INSERT INTO plain (id, u, v) VALUES (-5, 30, 'reused')", "UPDATE plain SET v = repeat(md5(v), 200)", "UPDATE texts SET v = 'followed' WHERE n = 3");
            Query.run(target, "UPDATE mastodon_migration.live_range SET proved = false WHERE member = 'public.plain'");
            try (var leader = new Leader(Direction.FORWARD, world.context(), target, new Room(), new Trouble(Side.TARGET), new LockWaiters())) {
                var loops = new AtomicInteger();
                assertThatThrownBy(() -> leader.run(() -> loops.incrementAndGet() < 5)).isInstanceOf(SQLException.class).hasMessageContaining("begins anew");
            }
            assertThat(Query.isTrue(target, "SELECT count(*) > 0 AND bool_and(v = 'followed') FROM texts WHERE n = 3")).isTrue();
        }
        try (var next = LiveCopy.of(world)) {
            next.awaitInSync();
            LiveCopy.cutOver(world, next);
        }
    }

    @Test
    void aTableThatIsBusyOnTheTargetHoldsUpNoOtherAndNoLock() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world).awaitInSync(); var busy = world.targetServer.superuser(world.target); var target = world.target(); var app = world.source()) {
            busy.setAutoCommit(false);
            // As the building of an index does for an hour.
            Query.run(busy, "LOCK TABLE plain IN SHARE MODE");
            world.onSource("UPDATE plain SET v = 'later' WHERE id = 20", "UPDATE texts SET v = 'sooner' WHERE n = 3");
            await(target, "SELECT bool_and(v = 'sooner') FROM texts WHERE n = 3");
            Query.run(app, "SET lock_timeout = '5s'", "TRUNCATE texts");
            await(target, "SELECT count(*) = 0 FROM texts");
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> !copy.progress().inSync());
            busy.rollback();
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }

    @Test
    void aLeaderThatSleptPrunesNothingOnceAnotherLeads() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        try (var first = LiveSessions.target(Direction.FORWARD, world.context()); var second = LiveSessions.target(Direction.FORWARD, world.context()); var source = world.source()) {
            try (var old = new Leader(Direction.FORWARD, world.context(), first, new Room(), new Trouble(Side.TARGET), new LockWaiters())) {
                var mark = Ledger.mark(first);
                var positions = Ledger.ready(first);
                old.prune(mark, positions);
                try (var next = new Leader(Direction.FORWARD, world.context(), second, new Room(), new Trouble(Side.TARGET), new LockWaiters())) {
                    assertThatThrownBy(() -> old.prune(new Watermark(mark.number() + 1, mark.nonce()), positions)).isInstanceOf(SQLException.class).hasMessageContaining("another worker");
                    assertThat(mark.isOn(source)).isTrue();
                    next.prune(mark, positions);
                }
            }
        }
    }

    @Test
    void whatCannotBeComparedInTheFreezeIsNotCalledDifferent() throws Exception {
        var world = world();
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
    void whoeverBeganBeforeAHorizonIsWaitedFor() throws Exception {
        var world = world();
        try (var source = world.source(); var writer = world.source()) {
            writer.setAutoCommit(false);
            Query.run(writer, "SELECT pg_current_xact_id()");
            var horizon = Horizon.now(source);
            assertThat(horizon.isPassed(source)).isFalse();
            writer.commit();
            assertThat(horizon.isPassed(source)).isTrue();
        }
    }

    @Test
    void aTableThatItsOwnRowsHoldUpIsRefusedByNameInTheFreezeToo() throws Exception {
        var world = world();
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

    @Test
    void theLeaseIsProlongedAlsoWhileTheLeaderIsBusy() throws Exception {
        var world = world();
        try (var copy = LiveCopy.of(world); var source = world.source()) {
            copy.awaitInSync();
            Query.run(source, "SELECT setval('mastodon_migration.lease', extract(epoch FROM now())::bigint + 60)");
            // The leader itself does it once a minute.
            await(source, "SELECT last_value > extract(epoch FROM now()) + 3000 FROM mastodon_migration.lease");
        }
    }

    @Test
    void aTableWhoseKeyWasChangedAfterTheCaptureIsRefusedByName() throws Exception {
        var world = world();
        world.onSource("ALTER TABLE texts DROP CONSTRAINT texts_pkey", "ALTER TABLE texts ADD PRIMARY KEY (n, k)");
        try (var copy = LiveCopy.of(world)) {
            Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(copy.failure()).contains("public.texts", "(k, n)", "(n, k)"));
        }
        assertThatThrownBy(() -> world.run(new InstallCapture())).isInstanceOf(Refusal.class).hasMessageContaining("public.texts");
    }

    @Test
    void aDifferenceInTheFreezeIsNamedAndRefused() throws Exception {
        var world = world();
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

    private static TwoDatabases world() throws Exception {
        var world = TwoDatabases.empty(15);
        RandomWrites.prepare(world);
        return LiveCopy.captured(world);
    }

    private static void awaitCopying(Connection target) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).ignoreExceptions()
                .until(() -> Query.number(target, LANDED) > 3);
    }

    private static void await(Connection connection, String condition) {
        Awaitility.await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20)).until(() -> Query.isTrue(connection, condition));
    }

    private static void signal(String name, long pid) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, String.valueOf(pid)).inheritIO().start().waitFor()).isZero();
    }
}
