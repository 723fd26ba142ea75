package dev.mastodonmigration.worker;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.util.List;

/** A task that looks at everything before it says anything, so that an admin reads all that it found at once. */
record Looks(List<Look> looks) implements WorkerTask {
    /** A look at one half, skipped when the migration does not move that half. */
    record Look(String needs, Findings.Check check) {}

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        var findings = Findings.NONE;
        for (var look : looks) {
            if (context.has(look.needs())) {
                findings = findings.and(look.check().check(context));
            }
        }
        return findings.report();
    }
}
