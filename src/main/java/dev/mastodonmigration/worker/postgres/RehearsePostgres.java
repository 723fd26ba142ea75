package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Copies and verifies one snapshot of the live source in a scratch database beside the target, and measures both: what the freeze will take.
 * The source is only read.
 */
public final class RehearsePostgres implements WorkerTask {
    static final String NAME = "rehearse-postgres";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var scratch = ScratchDatabase.create(context, NAME)) {
            return rehearse(scratch.context());
        }
    }

    private static WorkerReport rehearse(WorkerContext context) throws SQLException, IOException, InterruptedException, Refusal {
        var source = Database.source(context, NAME);
        var target = Database.target(context, NAME);
        try (var holder = source.open()) {
            Sessions.endOlderOfOurs(holder);
            holder.setAutoCommit(false);
            Query.run(holder, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", "SET LOCAL idle_in_transaction_session_timeout = 0");
            var snapshot = Optional.of(Query.string(holder, "SELECT pg_export_snapshot()"));
            var begun = System.nanoTime();
            List<String> notes;
            try (var attempt = LoadAttempt.begin(target)) {
                notes = new DatabaseCopy(source, target).run(snapshot, attempt);
                attempt.loaded();
            }
            var copied = System.nanoTime();
            var result = new Comparison(source, target, snapshot).run();
            var figures = Map.of(Figure.TABLES, result.tables(), Figure.ROWS, result.rows(), Figure.DIFFERENCES, (long) result.differences().size(),
                    Figure.BYTES, Table.all(holder).stream().mapToLong(Table::bytes).sum(),
                    Figure.COPY_MILLISECONDS, TimeUnit.NANOSECONDS.toMillis(copied - begun),
                    Figure.VERIFY_MILLISECONDS, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - copied));
            var report = VerifyPostgres.report(result.differences(), figures);
            return new WorkerReport(report.outcome(), "Rehearsal: " + report.message(), figures, notes);
        }
    }
}
