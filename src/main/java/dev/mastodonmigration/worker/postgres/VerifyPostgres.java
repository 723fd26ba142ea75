package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Proves that the closed source and the loaded target are equal, before anyone may write to the target. Changes nothing. */
public final class VerifyPostgres implements WorkerTask {
    static final String NAME = "verify-postgres";
    private static final int NAMED = 10;

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var begun = System.nanoTime();
        var source = Database.source(context, NAME);
        var target = Database.target(context, NAME);
        try (var from = source.open(); var to = target.open()) {
            Marker.ours(from, Side.SOURCE, context);
            var marker = Marker.ours(to, Side.TARGET, context);
            if (marker.state() != Marker.State.LOADED) {
                return WorkerReport.refused("The target database is not in the state to be verified: it is " + marker.state().sql()
                        + ", not loaded. Copy it first.");
            }
            WriteGate.requireUp(from, Side.SOURCE);
            WriteGate.requireUp(to, Side.TARGET);
            var result = new Comparison(source, target, Optional.empty()).run();
            var differences = new ArrayList<>(result.differences());
            differences.addAll(Sequences.differences(from, to));
            WriteGate.requireUp(from, Side.SOURCE);
            var figures = Map.of(Figure.TABLES, result.tables(), Figure.ROWS, result.rows(), Figure.DIFFERENCES, (long) differences.size(),
                    Figure.REFUSED_WRITES, WriteGate.refusedWrites(from), Figure.VERIFY_MILLISECONDS, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
            return report(differences, figures);
        }
    }

    static WorkerReport report(List<String> differences, Map<String, Long> figures) {
        return differences.isEmpty()
                ? WorkerReport.succeeded("Source and target are equal: " + figures.get(Figure.TABLES) + " tables, " + figures.get(Figure.ROWS)
                + " rows.", figures)
                : new WorkerReport(WorkerReport.Outcome.REFUSED, "Source and target differ in " + differences.size() + " places: "
                        + String.join("; ", differences.subList(0, Math.min(NAMED, differences.size()))) + ". The target was not opened.", figures, List.of());
    }
}
