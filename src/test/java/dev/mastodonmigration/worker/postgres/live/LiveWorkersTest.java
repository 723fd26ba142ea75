package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.OpenTarget;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.SharedPostgres;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Workers that are killed, fall asleep, come late or lose a server: what they held goes to another, and they write nothing more. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class LiveWorkersTest {
    @Test
    void everyWorkerEndsWhenAnyOfThemIsAskedToDrain() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
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

    /** What it ended itself would be told to the admin as a database that fails. */
    @Test
    void aWorkerThatBeginsEndsNoSessionOfItsOwn() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world); var target = world.target()) {
            copy.awaitInSync();
            assertThat(Query.number(target, "SELECT sessions_killed FROM pg_stat_database WHERE datname = current_database()")).isZero();
        }
    }

    @Test
    void aKilledWorkerCostsOnlyTheRangesItHeld() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var worker = LiveWorkerProcess.start(world, 4 << 10); var target = world.target()) {
            LiveCopy.awaitCopying(target);
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
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var sleeper = LiveWorkerProcess.start(world, 4 << 10); var target = world.target()) {
            LiveCopy.awaitCopying(target);
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
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var target = world.target()) {
            try (var worker = LiveWorkerProcess.start(world, 4 << 10)) {
                LiveCopy.awaitCopying(target);
                worker.kill();
            }
            try (var sleeper = asleep(world, "UPDATE mastodon_migration.live_range SET backend = pg_backend_pid(), until = clock_timestamp() + interval '1 s'"
                    + " WHERE id = (SELECT max(id) FROM mastodon_migration.live_range)", "UPDATE mastodon_migration.live_range SET landed = true"
                    + " WHERE id = (SELECT max(id) FROM mastodon_migration.live_range)");
                    var copy = LiveCopy.of(world)) {
                Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> !sleeper.isValid(1));
                copy.awaitInSync();
                LiveCopy.cutOver(world, copy);
            }
        }
    }

    @Test
    void whoLeadsPassesTheGateOfALoadThatBeganAfterItsSessionWasOpened() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
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
        var world = LiveCopy.captured(RandomWrites.prepared(15));
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

    @Test
    void aLeaderThatSleptPrunesNothingOnceAnotherLeads() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world)) {
            copy.awaitInSync();
        }
        try (var first = LiveSessions.target(Direction.FORWARD, world.context()); var second = LiveSessions.target(Direction.FORWARD, world.context()); var source = world.source()) {
            try (var old = LiveCopy.leader(world, first)) {
                var mark = Ledger.mark(first);
                var positions = Ledger.ready(first);
                old.prune(mark, positions);
                try (var next = LiveCopy.leader(world, second)) {
                    assertThatThrownBy(() -> old.prune(new Watermark(mark.number() + 1, mark.nonce()), positions)).isInstanceOf(SQLException.class).hasMessageContaining("another worker");
                    assertThat(mark.isOn(source)).isTrue();
                    next.prune(mark, positions);
                }
            }
        }
    }

    @Test
    void aWorkerKilledWhenAllWasDoneAndNotYetToldLeavesItToTheNext() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
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
    void theLeaseIsProlongedAlsoWhileTheLeaderIsBusy() throws Exception {
        var world = LiveCopy.captured(RandomWrites.prepared(15));
        try (var copy = LiveCopy.of(world); var source = world.source()) {
            copy.awaitInSync();
            Query.run(source, "SELECT setval('mastodon_migration.lease', extract(epoch FROM now())::bigint + 60)");
            // The leader itself does it once a minute.
            LiveCopy.await(source, "SELECT last_value > extract(epoch FROM now()) + 3000 FROM mastodon_migration.lease");
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

    private static void signal(String name, long pid) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, String.valueOf(pid)).inheritIO().start().waitFor()).isZero();
    }
}
