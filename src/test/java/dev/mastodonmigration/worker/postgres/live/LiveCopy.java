package dev.mastodonmigration.worker.postgres.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.DrainSignal;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.postgres.CloseSource;
import dev.mastodonmigration.worker.postgres.Comparison;
import dev.mastodonmigration.worker.postgres.Database;
import dev.mastodonmigration.worker.postgres.MarkSource;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;

/** A replicating worker in this process, as a test sees it. */
final class LiveCopy implements AutoCloseable {
    static final Duration CLAIM = Duration.ofSeconds(3);
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final WorkerContext context;
    private final CompletableFuture<WorkerReport> report = new CompletableFuture<>();
    private final Thread thread;

    private LiveCopy(Direction direction, TwoDatabases world, long rangeBytes, int threads, Duration lasting) {
        this(direction, world.context(), rangeBytes, threads, lasting);
    }

    private LiveCopy(Direction direction, WorkerContext given, long rangeBytes, int threads, Duration lasting) {
        context = new WorkerContext(given.migrationUid(), given.migrationName(), given.epoch(), given.secrets(), given.scratch(), threads, new Progress(),
                new DrainSignal(), given.rehearsal());
        thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                report.complete(new ReplicatePostgres(direction, CLAIM, rangeBytes, lasting).run(context));
            } catch (Exception e) {
                report.completeExceptionally(e);
            }
        });
    }

    /** With ranges so small that each larger table has several. */
    static LiveCopy of(TwoDatabases world) {
        return of(world, 2);
    }

    /** With as many threads. */
    static LiveCopy of(TwoDatabases world, int threads) {
        return new LiveCopy(Direction.FORWARD, world, 64 << 10, threads, ReplicatePostgres.LASTING);
    }

    /** Of a pair that was adopted, from the target to the source. */
    static LiveCopy back(TwoDatabases world) {
        return new LiveCopy(Direction.BACK, world, 64 << 10, 2, ReplicatePostgres.LASTING);
    }

    /** Into another target, as a rehearsal's scratch database. */
    static LiveCopy of(WorkerContext context) {
        return new LiveCopy(Direction.FORWARD, context, 64 << 10, 2, ReplicatePostgres.LASTING);
    }

    /** With ranges of this size. */
    static LiveCopy inRanges(TwoDatabases world, long bytes) {
        return new LiveCopy(Direction.FORWARD, world, bytes, 2, ReplicatePostgres.LASTING);
    }

    /** Which takes a refusal of a database for its last word after this time. */
    static LiveCopy thatTakesRefusalsForLasting(TwoDatabases world, Duration after) {
        return new LiveCopy(Direction.FORWARD, world, 64 << 10, 2, after);
    }

    static TwoDatabases captured(TwoDatabases world) throws Exception {
        world.run(new TargetClaim());
        world.run(new MarkSource());
        world.run(new InstallCapture());
        return world;
    }

    Progress.Reading progress() {
        return context.progress().read();
    }

    LiveCopy awaitInSync() {
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(() -> report.isDone() || progress().inSync());
        assertThat(report.isDone()).as(() -> "ended early: " + ended()).isFalse();
        return this;
    }

    /** Why it ended early; empty while it runs. */
    String failure() {
        return report.isDone() ? ended() : "";
    }

    private String ended() {
        return report.handle((value, failure) -> failure == null ? value.toString() : failure.toString()).join();
    }

    WorkerReport drain() throws Exception {
        askForDrain();
        return report();
    }

    void askForDrain() {
        context.drain().request();
    }

    boolean hasEnded() {
        return report.isDone();
    }

    WorkerReport report() throws InterruptedException, ExecutionException, TimeoutException {
        return report.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Closes the source, drains, validates, and proves the two databases equal in every object and row. */
    static WorkerReport cutOver(TwoDatabases world, LiveCopy copy) throws Exception {
        world.run(new CloseSource());
        var report = copy.drain();
        assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
        assertEqual(world);
        return report;
    }

    static void assertEqual(TwoDatabases world) throws Exception {
        world.run(new HousekeepPostgres());
        var result = new Comparison(Database.source(world.context(), "test"), Database.target(world.context(), "test"), Optional.empty()).run();
        assertThat(result.differences()).isEmpty();
    }

    /** A leader of this pair, beside no other thread of a worker. */
    static Leader leader(TwoDatabases world, Connection target) throws SQLException, IOException, Refusal {
        return new Leader(Direction.FORWARD, world.context(), target, new ConnectionLimiter(), new StatusMessage(new PostgresErrors(Direction.FORWARD, ReplicatePostgres.LASTING)), new LockWaiters());
    }

    static void awaitCopying(Connection target) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).ignoreExceptions()
                .until(() -> Query.number(target, "SELECT count(*) FROM mastodon_migration.live_range WHERE landed") > 3);
    }

    static void await(Connection connection, String condition) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20)).until(() -> Query.isTrue(connection, condition));
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join(5000);
    }
}
