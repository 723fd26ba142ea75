package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.nio.file.Files;
import java.util.Map;

/** Finds out before the freeze whether the dump fits on the worker's disk. */
public final class PostgresCapacity implements WorkerTask {
    static final String NAME = "capacity";

    /** Figures of this task. */
    public static final String SOURCE_BYTES = "sourceBytes";
    public static final String SCRATCH_FREE_BYTES = "scratchFreeBytes";

    /** Of the tables without indexes, compressed: text shrinks to a third, media blobs and keys hardly at all. */
    private static final double SHARE = 0.6;
    private static final long MIB = 1L << 20;

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var source = Database.source(context, NAME).open()) {
            var bytes = Table.all(source).stream().mapToLong(Table::bytes).sum();
            var free = Files.getFileStore(context.scratch()).getUsableSpace();
            return report(bytes, free);
        }
    }

    static WorkerReport report(long bytes, long free) throws Refusal {
        var needed = (long) (bytes * SHARE);
        if (needed > free) {
            throw new Refusal("The dump of the source needs up to " + needed / MIB + " MiB of scratch space and the worker has " + free / MIB
                    + " MiB. Give the worker pods a larger scratch volume.");
        }
        return WorkerReport.succeeded("The dump fits: up to " + needed / MIB + " MiB of " + free / MIB
                + " MiB.", Map.of(SOURCE_BYTES, bytes, SCRATCH_FREE_BYTES, free));
    }
}
