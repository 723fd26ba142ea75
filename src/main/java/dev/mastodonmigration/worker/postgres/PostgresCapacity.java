package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;

/** Finds out before the freeze what would stop the load in it: a dump that does not fit on the worker's disk, or a target that is no longer empty. */
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
        try (var source = Database.source(context, NAME).open(); var target = Database.target(context, NAME).open()) {
            var marker = Marker.ours(target, Side.TARGET, context);
            if (marker.state() == Marker.State.CLAIMED) {
                TargetClaim.requireStillEmpty(target);
            }
            return report(bytes(source), free(context));
        }
    }

    /**
     * Looks again where the dump is about to be written: that may be another node than the one where the capacity was measured.
     *
     * @throws Refusal naming what is needed
     */
    static void requireRoom(Connection source, WorkerContext context) throws SQLException, IOException, Refusal {
        report(bytes(source), free(context));
    }

    private static long bytes(Connection source) throws SQLException {
        return Table.all(source).stream().mapToLong(Table::bytes).sum();
    }

    private static long free(WorkerContext context) throws IOException {
        return Files.getFileStore(context.scratch()).getUsableSpace();
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
