package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.LoadAttempt;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.Sessions;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.Transaction;
import dev.mastodonmigration.worker.postgres.WriteGate;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Begins to follow a database from another that is equal, without a copy: the way back's beginning, after both were proved equal and while both are closed. What was captured on the one that
 * is written from now on is silenced first, because it would echo; then the other's changes are captured; and the base is taken before anybody can write there. Idempotent, and done anew where
 * it was killed before its end.
 */
public final class AdoptDatabases implements WorkerTask {
    static final String NAME = "adopt-databases";
    private final Direction direction = Direction.BACK;

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = direction.from(context, NAME).open(); var target = direction.to(context, NAME).open()) {
            var marker = Marker.ours(source, direction.read(), context);
            marker.requireRole(direction.read(), context);
            Marker.ours(target, direction.written(), context).requireRole(direction.written(), context);
            if (!isAdopted(source, target)) {
                requireNeverOpened(marker);
                adopt(context, source, target);
            }
            return WorkerReport.succeeded("Changes of the " + direction.read() + " are captured from now on, to be brought to the " + direction.written() + ".",
                    Map.of(WorkerReport.Figure.TABLES, Query.number(target, "SELECT count(DISTINCT member) FROM mastodon_migration.live_range")));
        }
    }

    private static boolean isAdopted(Connection source, Connection target) throws SQLException {
        return Ledger.isPlanned(target) && Ledger.isAdopted(target) && Ledger.stage(target) != Ledger.Stage.DRAINED && SourceIdentity.isOneThatIsFollowed(source, target);
    }

    private void adopt(WorkerContext context, Connection source, Connection target) throws SQLException, InterruptedException, Refusal {
        requireEqual(source, target);
        Sessions.endOlderOfOurs(target);
        if (!Query.isTrue(target, "SELECT pg_try_advisory_lock(hashtext('mastodon_migration'), 2)")) {
            throw new SQLException("another worker is writing to the " + direction.written() + " database");
        }
        Sessions.endOlderOfOurs(source);
        Capture.silence(target);
        InstallCapture.install(source, direction.read(), LogCap::bytes, context.progress(), () -> {
            Marker.ours(source, direction.read(), context);
            WriteGate.requireUp(source, direction.read());
        });
        var run = CaptureRun.begin(source);
        var base = Horizon.Base.now(source);
        run.requireOf(base);
        var trees = Trees.read(source).stream().filter(Tree::hasKey).toList();
        var ranges = new ArrayList<RangePlan.Range>();
        for (var tree : trees) {
            ranges.addAll(RangePlan.of(source, tree, ReplicatePostgres.RANGE_BYTES));
        }
        var catalog = SourceGuard.catalog(source);
        Transaction.in(target, () -> {
            TargetClaim.lock(target);
            Marker.update(target, context, direction.whileWritten(), Optional.of(LoadAttempt.randomSecret()));
            Ledger.create(target);
            Ledger.plan(target, trees, base.position(), ranges, List.of(), catalog);
            Ledger.adopt(target, base);
            // What was written since the base would be missing: it was captured, but how long before nobody could tell.
            WriteGate.requireUp(source, direction.read());
            WriteGate.requireUp(target, direction.written());
        });
    }

    /** Closed as it is now: it may have what the other lacks. */
    private void requireNeverOpened(Marker marker) throws Refusal {
        if (marker.state().wasOpened()) {
            throw new Refusal("The " + direction.read() + " database was open for writing before a way back was prepared, so the " + direction.written() + " may lack what was written there: there is no way back. Nothing was"
                    + " changed.");
        }
    }

    /** As far as it can be told in a moment: rows were proved by whoever closed them last. */
    private void requireEqual(Connection source, Connection target) throws SQLException, Refusal {
        WriteGate.requireUp(source, direction.read());
        WriteGate.requireUp(target, direction.written());
        if (Ledger.isPlanned(source) && Ledger.stage(source) != Ledger.Stage.DRAINED) {
            throw new Refusal("The " + direction.read() + " database has not reached the " + direction.written() + " yet, so there is no way back to be prepared. Nothing was changed.");
        }
        var differences = SourceGuard.differences(target, direction.written(), SourceGuard.catalog(source));
        if (!differences.isEmpty()) {
            throw new Refusal("The two databases are not defined alike, so there is no way back to be prepared: " + String.join("; ", differences.subList(0, Math.min(3, differences.size()))) + ". Nothing was changed.");
        }
    }
}
