package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.Retry;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.Query;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * Copies the live source and follows it until it is drained. Any number of these run at once and share the work through the ledger on the target;
 * one of them leads. Killed at any moment, the others or the next go on, and what was being copied right then is copied again.
 */
public final class ReplicatePostgres implements WorkerTask {
    static final String NAME = "replicate-postgres";
    static final long RANGE_BYTES = 64L << 20;
    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration GIVE_UP = Duration.ofMinutes(10);

    static final Duration LASTING = Duration.ofMinutes(1);

    private final Direction direction;
    private final Duration claim;
    private final long rangeBytes;
    private final Duration lasting;

    public ReplicatePostgres() {
        this(Direction.FORWARD);
    }

    public ReplicatePostgres(Direction direction) {
        this(direction, WorkQueue.VALID, RANGE_BYTES, LASTING);
    }

    /**
     * With other sizes, for tests.
     *
     * @param claim   how long a worker that says nothing keeps its work
     * @param lasting after which the same refusal of a database, again and again, is taken for its last word
     */
    ReplicatePostgres(Direction direction, Duration claim, long rangeBytes, Duration lasting) {
        this.direction = direction;
        this.claim = claim;
        this.rangeBytes = rangeBytes;
        this.lasting = lasting;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var errors = new PostgresErrors(direction, lasting);
        try (var threads = new WorkerThreads(direction, context, new WorkQueue(claim), errors)) {
            var retry = new Retry(context.drain(), errors, e -> context.progress().update(now -> StatusMessage.in(now, errors.words(e))), threads::lastSuccess, Optional.of(GIVE_UP));
            var begun = new boolean[1];
            var report = Optional.<WorkerReport>empty();
            while (report.isEmpty()) {
                report = retry.until(() -> attend(context, threads, begun));
            }
            return report.get();
        }
    }

    /** Stays until something breaks or all is done. */
    private Optional<WorkerReport> attend(WorkerContext context, WorkerThreads threads, boolean[] begun) throws SQLException, IOException, InterruptedException,
            Refusal {
        try (var target = LiveSessions.target(direction, context)) {
            Leadership.prepare(target);
            while (true) {
                threads.requireNoFailure();
                LiveSessions.requireCurrent(target, direction, context);
                if (Leadership.take(target, claim)) {
                    var report = lead(context, target, threads, begun);
                    if (report.isPresent()) {
                        return report;
                    }
                }
                if (Ledger.isPlanned(target)) {
                    threads.start();
                    if (context.drain().isRequested()) {
                        Ledger.askForDrain(target);
                    }
                    var stage = Ledger.stage(target);
                    begun[0] |= stage != Ledger.Stage.REFUSED;
                    if (begun[0] && (stage == Ledger.Stage.DRAINED || stage == Ledger.Stage.REFUSED)) {
                        return Ledger.outcome(target);
                    }
                }
                if (Ledger.isPlanned(target) && Ledger.isFollowed(target)) {
                    threads.succeeded();
                }
                context.drain().pause(PAUSE);
            }
        }
    }

    private Optional<WorkerReport> lead(WorkerContext context, Connection target, WorkerThreads threads, boolean[] begun) throws SQLException, IOException,
            InterruptedException, Refusal {
        threads.keepLeading(Query.number(target, "SELECT pg_backend_pid()"));
        if (isDone(context, target) || begun[0] && isRefused(target)) {
            return Ledger.outcome(target);
        }
        if (mustBegin(target)) {
            begin(context, target);
        }
        begun[0] = true;
        threads.start();
        try (var leader = new Leader(direction, context, target, threads.connections(), threads.status(), threads.lockWaiters())) {
            return Optional.of(leader.run(() -> {
                threads.requireNoFailure();
                if (leader.hasMadeARound()) {
                    threads.succeeded();
                }
                if (context.drain().isRequested()) {
                    Ledger.askForDrain(target);
                }
                return Ledger.isPlanned(target);
            }));
        } catch (Refusal refusal) {
            Ledger.finish(target, Ledger.Stage.REFUSED, WorkerReport.refused(refusal.getMessage()));
            throw refusal;
        }
    }

    private void begin(WorkerContext context, Connection target) throws SQLException, IOException, InterruptedException, Refusal {
        switch (direction) {
            case FORWARD -> {
                context.progress().set(new Progress.Reading("creating tables", 0, 0, 0, 0, 0, -1));
                new Bootstrap(direction, context, target, rangeBytes).run();
            }
            case BACK -> {
                if (!isRefused(target)) {
                    throw new Refusal("The " + direction.written() + " database does not say how far it is behind the " + direction.read() + ", or was brought to it before: it was not prepared for the way back, or went"
                            + " back to an earlier state. Nothing in it was changed. Keep both databases as they are, and ask for help before you change either.");
                }
                Ledger.resume(target);
            }
            default -> throw new IllegalStateException(direction.toString());
        }
    }

    /** By another worker, while this one worked too: only a new attempt may begin anew. */
    private static boolean isRefused(Connection target) throws SQLException {
        return Ledger.isPlanned(target) && Ledger.stage(target) == Ledger.Stage.REFUSED;
    }

    private static boolean mustBegin(Connection target) throws SQLException {
        return !Ledger.isPlanned(target) || Ledger.stage(target) == Ledger.Stage.REFUSED || Ledger.stage(target) == Ledger.Stage.DRAINED;
    }

    /** A drained target is the end only for the capture that it was copied under: the source may have gone on since. */
    private boolean isDone(WorkerContext context, Connection target) throws SQLException, IOException, Refusal {
        if (!Ledger.isPlanned(target) || Ledger.stage(target) != Ledger.Stage.DRAINED) {
            return false;
        }
        try (var source = LiveSessions.source(direction, context)) {
            return Query.isTrue(target, "SELECT identity = ? FROM mastodon_migration.live", SourceIdentity.of(source));
        }
    }
}
