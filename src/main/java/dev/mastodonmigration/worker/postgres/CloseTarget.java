package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Closes a target on which the instance runs, to go back: from here on nothing changes there, so that the source can be brought to its last state. */
public final class CloseTarget implements WorkerTask {
    static final String NAME = "close-target";
    private static final Duration GRACE = Duration.ofSeconds(5);

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open()) {
            Transaction.in(target, () -> {
                TargetClaim.lock(target);
                var marker = Marker.ours(target, Side.TARGET, context);
                if (!marker.state().wasOpened()) {
                    throw new Refusal("The target database was not closed for writing, because it was never opened: it is " + marker.state().sql() + ".");
                }
                Marker.update(target, context, Marker.State.CLOSED_AGAIN, Optional.empty());
                WriteGate.refuse(target);
            });
            var ended = new Closing(target, Side.TARGET, GRACE).run();
            WriteGate.requireUp(target, Side.TARGET);
            return WorkerReport.succeeded("The target database is closed for writing" + (ended == 0 ? "." : "; " + ended + " sessions that still wrote were ended, and what they had not committed was never acknowledged."),
                    Map.of(WorkerReport.Figure.REFUSED_WRITES, WriteGate.refusedWrites(target)));
        }
    }
}
