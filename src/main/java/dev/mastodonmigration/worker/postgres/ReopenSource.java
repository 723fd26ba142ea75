package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Takes every trace of ours off the source, so that the instance can go on there as if nothing had been. */
public final class ReopenSource implements WorkerTask {
    static final String NAME = "reopen-source";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var notes = requireTargetClosed(context);
        return removeOurs(context, NAME, notes);
    }

    /** The marker and the gate as they are before the source is closed, or after. */
    @Override
    public void standBy(WorkerContext context) throws Exception {
        requireTargetClosed(context);
        try (var source = Database.source(context, NAME).open()) {
            Marker.ours(source, Side.SOURCE, context).requireSource(context);
            WriteGate.ungated(source);
        }
    }

    /** Takes gate, marker and schema off the source; nothing when they are gone already. */
    static WorkerReport removeOurs(WorkerContext context, String task, List<String> notes) throws Exception {
        try (var source = Database.source(context, task).open()) {
            var marker = Marker.read(source);
            if (marker.isEmpty()) {
                return WorkerReport.succeeded("The source database carries nothing of this migration.", Map.of(), notes);
            }
            marker.get().requireOurs(Side.SOURCE, context);
            var refused = WriteGate.refusedWrites(source);
            Sessions.endOlderOfOurs(source);
            RemoveCapture.from(source);
            WriteGate.open(source, () -> Query.run(source, "DROP SCHEMA mastodon_migration CASCADE"));
            return WorkerReport.succeeded("The source database carries no trace of the migration any more.", Map.of(WorkerReport.Figure.REFUSED_WRITES,
                    refused), notes);
        }
    }

    /** One side at a time. A target that cannot be reached must not keep the instance down: it may be why we go back. */
    private static List<String> requireTargetClosed(WorkerContext context) throws Refusal, IOException {
        if (!context.has(Side.TARGET.secret())) {
            return List.of();
        }
        try (var target = Database.target(context, NAME).open()) {
            var marker = Marker.read(target);
            if (marker.isPresent() && marker.get().isOurs(context) && marker.get().state() == Marker.State.OPENED) {
                throw new Refusal("The source was not opened, because the target database is open for writing and may hold newer posts: two live sides "
                        + "would lose them. Going back from here is not supported yet: leave the source stopped, keep the target as it is, mend what keeps "
                        + "the target from running, and ask for help before you change either database.");
            }
            return List.of();
        } catch (SQLException e) {
            return List.of("whether the target is open for writing could not be seen before the source was opened: " + Redaction.of(e));
        }
    }
}
