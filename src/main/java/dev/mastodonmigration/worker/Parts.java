package dev.mastodonmigration.worker;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** A task of several halves, each skipped when the migration does not move it: run in order, until one does not succeed. */
record Parts(List<Part> parts) implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var messages = new ArrayList<String>();
        var figures = new TreeMap<String, Long>();
        var notes = new ArrayList<String>();
        for (var part : wanted(context)) {
            var report = part.task().run(context);
            if (report.outcome() != WorkerReport.Outcome.SUCCEEDED) {
                return report;
            }
            messages.add(report.message());
            report.figures().forEach((name, value) -> figures.merge(name, value, Long::sum));
            notes.addAll(report.notes());
        }
        return WorkerReport.succeeded(messages.isEmpty() ? "There was nothing to do." : String.join(" ", messages), figures, notes);
    }

    @Override
    public void standBy(WorkerContext context) throws Exception {
        for (var part : wanted(context)) {
            part.task().standBy(context);
        }
    }

    private List<Part> wanted(WorkerContext context) {
        return parts.stream().filter(part -> context.has(part.needs())).toList();
    }
}
