package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The copying worker as a process of its own, ended with SIGKILL or put to sleep at a moment that the databases show. */
@Tag("thorough")
@ExtendWith(SharedPostgres.class)
class KilledWorkerTest {
    private static final String RESTORED = "SELECT to_regclass('public.statuses') IS NOT NULL";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            TARGET | SELECT state = 'loading' FROM mastodon_migration.marker
            SOURCE | SELECT count(*) >= 4 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'mastodon-migration copy-postgres'
            TARGET | SELECT to_regclass('public.statuses') IS NOT NULL
            TARGET | SELECT to_regclass('public.index_statuses_on_uri') IS NOT NULL
            """)
    void whatAKilledWorkerLeftIsReplacedByTheNext(Side side, String moment) throws Exception {
        var world = closed();
        try (var worker = start(world); var watcher = side == Side.SOURCE ? world.sourceServer.superuser(world.source)
                : world.targetServer.superuser(world.target)) {
            awaitFast(watcher, moment);
            var children = ProcessHandle.of(worker.pid()).orElseThrow().descendants().toList();
            worker.kill();
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
            assertCopiedAnew(world);
        }
    }

    @Test
    void aWorkerKilledWhileItsRestoreIsStuckLeavesNoSessionBehind() throws Exception {
        var world = closed();
        try (var worker = start(world); var blocker = world.targetServer.superuser(world.target)) {
            awaitFast(blocker, RESTORED);
            blocker.setAutoCommit(false);
            Query.run(blocker, "LOCK TABLE statuses IN ACCESS EXCLUSIVE MODE");
            awaitFast(blocker, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'statuses'::regclass)");
            worker.kill();
            blocker.rollback();
        }
        assertState(world, Marker.State.LOADING);
        assertCopiedAnew(world);
    }

    @Test
    void aWorkerThatSleptThroughItsReplacementChangesNothing() throws Exception {
        var world = closed();
        try (var sleeper = start(world); var blocker = world.targetServer.superuser(world.target)) {
            awaitFast(blocker, RESTORED);
            signal("STOP", sleeper.pid());
            assertCopiedAnew(world);
            signal("CONT", sleeper.pid());
            assertThat(sleeper.waitFor()).isEqualTo(1);
        }
        assertState(world, Marker.State.LOADED);
        assertThat(world.run(new VerifyPostgres()).outcome()).isEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void aLoadedTargetIsLoadedAgainWhenAskedAgain() throws Exception {
        var world = closed();
        world.run(new CopyPostgres());
        assertCopiedAnew(world);
    }

    private static TwoDatabases closed() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        world.closeSource();
        return world;
    }

    private static void assertCopiedAnew(TwoDatabases world) throws Exception {
        world.run(new CopyPostgres());
        var verified = world.run(new VerifyPostgres());
        assertThat(verified.outcome()).as(verified.message()).isEqualTo(Outcome.SUCCEEDED);
        for (var side : List.of(world.sourceServer.superuser(world.source), world.targetServer.superuser(world.target))) {
            try (side) {
                Awaitility.await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(Query.strings(side,
                        "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE "
                        + "'mastodon-migration%'")).isEmpty());
            }
        }
    }

    private static void assertState(TwoDatabases world, Marker.State state) throws Exception {
        try (var target = world.target()) {
            assertThat(Marker.read(target).map(Marker::state)).isEqualTo(Optional.of(state));
        }
    }

    private static void awaitFast(Connection connection, String condition) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).until(() -> Query.isTrue(connection,
                condition));
    }

    private static LocalProcess start(TwoDatabases world) throws IOException {
        world.secret(WorkerContext.PROGRESS_TOKEN, "token");
        var context = world.context();
        var classpath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return LocalProcess.start(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(), "-cp", classpath, "dev.mastodonmigration.Main",
                "worker", CopyPostgres.NAME),
                Map.of(WorkerContext.ENV_UID, context.migrationUid(), WorkerContext.ENV_NAME, context.migrationName(), WorkerContext.ENV_EPOCH, "1",
                        WorkerContext.ENV_SECRETS, context.secrets().toString(), WorkerContext.ENV_SCRATCH,
                                world.home().resolve("worker-scratch").toFile().mkdir()
                                ? world.home().resolve("worker-scratch").toString() : "", WorkerContext.ENV_PARALLELISM, "2",
                        WorkerContext.ENV_PORT, String.valueOf(FreePort.find()), WorkerContext.ENV_POD_IP, "127.0.0.1",
                        WorkerContext.ENV_TERMINATION_LOG, world.home().resolve("termination-log").toString()),
                world.home().resolve("worker.log"));
    }

    private static void signal(String name, long pid) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, String.valueOf(pid)).inheritIO().start().waitFor()).isZero();
    }
}
