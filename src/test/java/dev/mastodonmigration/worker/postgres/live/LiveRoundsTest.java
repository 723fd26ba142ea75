package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What rounds bring, in whatever order it was written, read and committed, and what holds up one table only. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveRoundsTest {
    @Test
    void aTransactionHeldOpenOverManyRoundsArrives() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world); var old = world.source(); var target = world.target()) {
            old.setAutoCommit(false);
            Query.run(old, "UPDATE plain SET v = 'held open' WHERE id <= 10", "DELETE FROM texts WHERE n = 3");
            copy.awaitInSync();
            var rounds = "SELECT rounds FROM mastodon_migration.live_tree WHERE root = 'public.plain'";
            for (var i = 0; i < 3; i++) {
                var before = Query.number(target, rounds);
                world.onSource("UPDATE plain SET v = 'later' WHERE id = 20");
                LiveCopy.await(target, "SELECT (" + rounds + ") > " + before);
            }
            old.commit();
            LiveCopy.await(target, "SELECT count(*) = 10 FROM plain WHERE v = 'held open'");
            LiveCopy.cutOver(world, copy);
            assertThat(Query.number(target, "SELECT count(*) FROM texts WHERE n = 3")).isZero();
        }
    }

    @Test
    void aRangeCopiedFromAnOldReadingNeitherOverwritesNorResurrects() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var target = world.target()) {
            try (var worker = LiveWorkerProcess.start(world, 4 << 10)) {
                LiveCopy.awaitCopying(target);
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
    void whoeverBeganBeforeAHorizonIsWaitedFor() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
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
    void aReusedUniqueValueHoldsUpItsTableOnlyAndUntilItsProof() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
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
            try (var leader = LiveCopy.leader(world, target)) {
                var loops = new AtomicInteger();
                assertThatThrownBy(() -> leader.run(() -> loops.incrementAndGet() < 10)).isInstanceOf(SQLException.class).hasMessageContaining("begins anew");
            }
            assertThat(Query.isTrue(target, "SELECT count(*) > 0 AND bool_and(v = 'followed') FROM texts WHERE n = 3")).isTrue();
            assertThat(Query.number(target, "SELECT count(*) FROM plain WHERE id = 90030")).isZero();
            assertThat(Query.isTrue(target, "SELECT in_sync FROM mastodon_migration.live")).isFalse();
            Query.run(target, "UPDATE mastodon_migration.live_range SET proved = true");
            try (var leader = LiveCopy.leader(world, target)) {
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
        var world = LiveCopy.captured(RandomWrites.prepared(15));
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
            try (var leader = LiveCopy.leader(world, target)) {
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
        var world = LiveCopy.captured(RandomWrites.prepared(15));
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
            try (var leader = LiveCopy.leader(world, target)) {
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
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world).awaitInSync(); var busy = world.targetServer.superuser(world.target); var target = world.target(); var app = world.source()) {
            busy.setAutoCommit(false);
            // As the building of an index does for an hour.
            Query.run(busy, "LOCK TABLE plain IN SHARE MODE");
            world.onSource("UPDATE plain SET v = 'later' WHERE id = 20", "UPDATE texts SET v = 'sooner' WHERE n = 3");
            LiveCopy.await(target, "SELECT bool_and(v = 'sooner') FROM texts WHERE n = 3");
            Query.run(app, "SET lock_timeout = '5s'", "TRUNCATE texts");
            LiveCopy.await(target, "SELECT count(*) = 0 FROM texts");
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> !copy.progress().inSync());
            busy.rollback();
            copy.awaitInSync();
            LiveCopy.cutOver(world, copy);
        }
    }
}
