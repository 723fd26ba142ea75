package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;

/** Takes the write gate and our marker off the source after completion. The target is live by then, and its marker is the last to go. */
public final class ReleaseSource implements WorkerTask {
    static final String NAME = "release";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        requireTargetLiveOrReleased(context);
        return ClearSource.retire(context, NAME);
    }

    private static void requireTargetLiveOrReleased(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open()) {
            var marker = Marker.read(target);
            if (marker.isPresent() && (!marker.get().isOurs(context) || marker.get().state() != Marker.State.OPENED)) {
                throw new Refusal("The source keeps its write gate, because the target database is not open for writing under this migration's marker. "
                        + "Restore the marker's database, or end the migration by hand.");
            }
        }
    }
}
