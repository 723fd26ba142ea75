package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;

/**
 * Takes the source for this migration before anything on it is stopped, and only here: a worker that would close it later finds the marker gone once
 * the source was given back, and a migration of the same source in another cluster is noticed while the instance still runs.
 */
public final class MarkSource implements WorkerTask {
    static final String NAME = "mark-source";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = Database.source(context, NAME).open()) {
            Transaction.in(source, () -> mark(source, context));
        }
        return WorkerReport.succeeded("The source database is marked as " + context.migrationName() + "'s.", Map.of());
    }

    private static void mark(Connection source, WorkerContext context) throws SQLException, Refusal {
        TargetClaim.lock(source);
        var marker = Marker.read(source);
        if (marker.isPresent()) {
            marker.get().requireOurs(Side.SOURCE, context);
            marker.get().requireSource(context);
            marker.get().requireNotGivenBack(context);
        } else {
            Marker.create(source, context, Marker.State.MARKED);
        }
    }
}
