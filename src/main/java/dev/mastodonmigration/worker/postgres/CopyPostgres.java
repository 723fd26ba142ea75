package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Copies the closed source into the claimed target. Killed at any moment, the next run drops what there is and begins anew. */
public final class CopyPostgres implements WorkerTask {
    static final String NAME = "copy-postgres";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var begun = System.nanoTime();
        var source = Database.source(context, NAME);
        var target = Database.target(context, NAME);
        try (var attempt = LoadAttempt.begin(target); var from = source.open()) {
            Marker.ours(from, Side.SOURCE, context);
            WriteGate.requireUp(from, Side.SOURCE);
            Sessions.endOlderOfOurs(from);
            List<String> notes = new DatabaseCopy(source, target).run(Optional.empty(), attempt);
            attempt.loaded();
            var tables = Table.all(attempt.connection());
            return WorkerReport.succeeded("The database is copied: " + tables.size() + " tables.", Map.of(
                    WorkerReport.Figure.TABLES, (long) tables.size(),
                    WorkerReport.Figure.BYTES, tables.stream().mapToLong(Table::bytes).sum(),
                    WorkerReport.Figure.COPY_MILLISECONDS, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun)), notes);
        }
    }
}
