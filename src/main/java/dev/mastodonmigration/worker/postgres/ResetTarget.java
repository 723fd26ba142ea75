package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.Map;

/** Aborts on the target: drops what we loaded and our marker, and leaves the empty database that we were given. */
public final class ResetTarget implements WorkerTask {
    static final String NAME = "reset-target";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open()) {
            if (Marker.read(target).isEmpty()) {
                return WorkerReport.succeeded("The target database carries nothing of this migration.", Map.of());
            }
            Marker.ours(target, Side.TARGET, context);
            Sessions.endOlderOfOurs(target);
            RehearsePostgres.dropIfOurs(target, context);
            LoadedContent.drop(target, context);
            Query.run(target, "DROP SCHEMA mastodon_migration CASCADE");
            return WorkerReport.succeeded("The target database is empty again, as it was given to us.", Map.of());
        }
    }
}
