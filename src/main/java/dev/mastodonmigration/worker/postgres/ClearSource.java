package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Takes every trace of ours off the source, so that the instance can go on there as if nothing had been; where somebody reads, once that has ended. */
public final class ClearSource implements WorkerTask {
    static final String NAME = "clear-source";
    static final String NOTHING = "The source database carries nothing of this migration.";
    static final String CLEAR = "The source database carries no trace of the migration any more.";
    /** The operator asks again after that, and tells meanwhile what is waited for. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private final Duration patience;

    public ClearSource() {
        this(PATIENCE);
    }

    /** @param patience how long those who read are waited for in one run */
    ClearSource(Duration patience) {
        this.patience = patience;
    }

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        return clear(context, NAME, patience, ReopenSource.requireTargetClosed(context));
    }

    /** When the instance has left: its old database stays closed until nobody reads there, and is then opened and cleared in one go. */
    static WorkerReport retire(WorkerContext context, String task) throws Exception {
        try (var source = Database.source(context, task).open()) {
            OurTriggers.requireNobodyReads(source);
        }
        return clear(context, task, PATIENCE, List.of());
    }

    private static WorkerReport clear(WorkerContext context, String task, Duration patience, List<String> notes) throws Exception {
        try (var source = Database.source(context, task).open()) {
            var refused = WriteGate.refusedWrites(source);
            var opened = ReopenSource.open(source, context);
            if (opened.isEmpty()) {
                return WorkerReport.succeeded(NOTHING, Map.of(), notes);
            }
            var all = Stream.of(notes, opened.get(), SuspendedEffects.validate(source)).flatMap(List::stream).toList();
            OurTriggers.dropWithSchema(source, patience);
            return WorkerReport.succeeded(CLEAR, Map.of(Figure.REFUSED_WRITES, refused), all);
        }
    }
}
