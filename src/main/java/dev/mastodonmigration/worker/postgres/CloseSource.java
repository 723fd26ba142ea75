package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Brings the write gate down on a source that {@link MarkSource} took: from here on nothing changes there, whoever connects. Without the marker it
 * does nothing, because a worker that was asleep while the source was given back would close a live instance.
 */
public final class CloseSource implements WorkerTask {
    static final String NAME = "close-source";
    private final Duration grace;

    public CloseSource() {
        this(Duration.ofSeconds(5));
    }

    /** @param grace how long transactions that began before the gate may still take to end by themselves */
    CloseSource(Duration grace) {
        this.grace = grace;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = Database.source(context, NAME).open()) {
            Transaction.in(source, () -> mark(source, context));
            var ended = new Closing(source, Side.SOURCE, grace).run();
            WriteGate.requireUp(source, Side.SOURCE);
            var tables = Table.all(source).size();
            var notes = ended == 0 ? List.<String>of() : List.of(ended + " sessions on the source were still writing " + grace.toSeconds()
                    + " s after the freeze and were ended; what they had not committed was never acknowledged");
            return WorkerReport.succeeded("The source database is closed for writing: " + tables + " tables.",
                    Map.of(WorkerReport.Figure.TABLES, (long) tables, WorkerReport.Figure.REFUSED_WRITES, WriteGate.refusedWrites(source)), notes);
        }
    }

    /** The marker as {@link #mark} wants it, and the tables that it will close. */
    @Override
    public void standBy(WorkerContext context) throws Exception {
        try (var source = Database.source(context, NAME).open()) {
            var marker = Marker.ours(source, Side.SOURCE, context);
            marker.requireSource(context);
            WriteGate.ungated(source);
            Table.all(source);
        }
    }

    private static void mark(Connection source, WorkerContext context) throws SQLException, Refusal {
        TargetClaim.lock(source);
        var marker = Marker.read(source).orElseThrow(() -> new Refusal("The source database was not closed for writing, because it no longer carries the marker of "
                + context.migrationName() + ": it was given back to the instance after this worker was started. To move it, start a new migration."));
        marker.requireOurs(Side.SOURCE, context);
        marker.requireSource(context);
        marker.requireNotGivenBack(context);
        // Who brings the target's changes here writes on, behind the gate, when it is closed again.
        Marker.update(source, context, Marker.State.CLOSED, marker.state() == Marker.State.CLOSED ? marker.session() : Optional.empty());
        WriteGate.refuse(source);
    }
}
