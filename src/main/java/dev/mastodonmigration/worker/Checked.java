package dev.mastodonmigration.worker;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.ArrayList;
import java.util.TreeMap;

/**
 * A task that begins only when a look finds nothing in the way: of a database that the operator has created just now, Preflight could not see what is told here, and
 * of one that was there it may have changed since.
 */
record Checked(Looks looks, WorkerTask task) implements WorkerTask {
    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var found = looks.run(context);
        if (found.outcome() != WorkerReport.Outcome.SUCCEEDED) {
            return found;
        }
        var done = task.run(context);
        var notes = new ArrayList<>(found.notes());
        notes.addAll(done.notes());
        var figures = new TreeMap<>(found.figures());
        figures.putAll(done.figures());
        return new WorkerReport(done.outcome(), done.message(), figures, notes);
    }
}
