package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Aborts on the target: drops what we loaded and our marker, and leaves the database that we were given. */
public final class ResetTarget implements WorkerTask {
    static final String NAME = "reset-target";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open()) {
            if (Marker.read(target).isEmpty()) {
                return WorkerReport.succeeded("The target database carries nothing of this migration.", Map.of());
            }
            var marker = Marker.ours(target, Side.TARGET, context);
            marker.requireTarget(context);
            Sessions.endOlderOfOurs(target);
            var notes = ScratchDatabase.dropIfOurs(target, context);
            if (marker.state() == Marker.State.CLAIMED) {
                return withoutOurMarker(target, notes);
            }
            LoadedContent.drop(target, context);
            Query.run(target, "DROP SCHEMA mastodon_migration CASCADE");
            return WorkerReport.succeeded("The target database is empty again, as it was given to us.", Map.of(), notes);
        }
    }

    /** Nothing was ever loaded: whatever is there came from others after the claim. */
    private static WorkerReport withoutOurMarker(Connection target, List<String> notes) throws SQLException {
        Query.run(target, "DROP SCHEMA mastodon_migration CASCADE");
        var left = TargetClaim.content(target);
        return WorkerReport.succeeded(left.isEmpty() ? "The target database is empty, as it was given to us."
                : "Our marker was removed from the target database. Nothing had been loaded; " + left.size() + " objects that others put there were left: "
                        + TargetClaim.first(left) + ".", Map.of(), notes);
    }
}
