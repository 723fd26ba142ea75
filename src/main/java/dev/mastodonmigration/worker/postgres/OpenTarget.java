package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.Map;
import java.util.Optional;

/**
 * Opens the target for writing: the moment after which there is no going back but by reverse copying. The worker's epoch is the new one and
 * becomes the marker's, so that any worker of before may write nothing more.
 */
public final class OpenTarget implements WorkerTask {
    static final String NAME = "open-target";

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open()) {
            var marker = Marker.ours(target, Side.TARGET, context);
            if (marker.state() != Marker.State.LOADED && marker.state() != Marker.State.OPENED) {
                throw new Refusal("The target database was not opened: it is " + marker.state().sql()
                        + ", and only a loaded one may be written to. Copy and verify it first.");
            }
            requireSourceClosed(context);
            Sessions.endOlderOfOurs(target);
            Transaction.in(target, () -> {
                WriteGate.letPass(target);
                Marker.update(target, context, Marker.State.OPENED, Optional.empty());
            });
            return WorkerReport.succeeded("The target database is open for writing.", Map.of(WorkerReport.Figure.REFUSED_WRITES,
                    WriteGate.refusedWrites(target)));
        }
    }

    @Override
    public void standBy(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open(); var source = Database.source(context, NAME).open()) {
            Marker.ours(target, Side.TARGET, context);
            Marker.ours(source, Side.SOURCE, context);
            WriteGate.ungated(source);
        }
    }

    /** One side at a time: writers on both would be two instances. */
    private static void requireSourceClosed(WorkerContext context) throws Exception {
        try (var source = Database.source(context, NAME).open()) {
            Marker.ours(source, Side.SOURCE, context);
            WriteGate.requireUp(source, Side.SOURCE);
        }
    }
}
