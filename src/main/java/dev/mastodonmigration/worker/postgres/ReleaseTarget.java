package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.time.Duration;
import java.util.Map;

/** Takes our marker off the target after completion: the database is then the instance's alone. */
public final class ReleaseTarget implements WorkerTask {
    static final String NAME = "release";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open()) {
            if (Marker.read(target).isEmpty()) {
                return WorkerReport.succeeded("The target database carries nothing of this migration.", Map.of());
            }
            var marker = Marker.ours(target, Side.TARGET, context);
            if (marker.state() == Marker.State.CLOSED_AGAIN) {
                throw new Refusal("The target database was closed for writing to go back, so it was not released: what was written there last may not be on the source yet. Let the migration "
                        + "finish going back first. If the instance runs on neither side, keep both databases as they are, and ask for help before you change either.");
            }
            if (marker.state() != Marker.State.OPENED && marker.state() != Marker.State.CLAIMED) {
                throw new Refusal("The target database is " + marker.state().sql() + " and still closed for writing, although it had been opened: was a "
                        + "backup of it restored? Its marker was left. Keep both databases as they are, and ask for help before you change either.");
            }
            var notes = ScratchDatabase.dropIfOurs(target, context);
            OurTriggers.dropWithSchema(target, PATIENCE);
            return WorkerReport.succeeded("The target database carries nothing of the migration any more.", Map.of(), notes);
        }
    }
}
