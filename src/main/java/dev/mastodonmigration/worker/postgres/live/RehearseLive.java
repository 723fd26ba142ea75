package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import dev.mastodonmigration.worker.postgres.ForeignKeys;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.ScratchDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Replicates the live source into a scratch database beside the target until the two are in sync and every range is proved equal, and measures how
 * long each took: the same engine, the same rates. Nothing is drained; the captured changes wait for the real copy, which begins anew.
 */
public final class RehearseLive implements WorkerTask {
    static final String NAME = "rehearse-live-postgres";
    private static final long POLL_MILLISECONDS = 100;

    /** @param copied in nanoseconds of this JVM's clock, when it was first seen; nothing before */
    private record Seen(Optional<Long> copied, boolean inSync) {}

    @Override
    public WorkerReport run(WorkerContext context) throws Exception {
        try (var scratch = ScratchDatabase.create(context, NAME)) {
            return replicate(scratch.context());
        }
    }

    private static WorkerReport replicate(WorkerContext context) throws Exception {
        var begun = System.nanoTime();
        var ended = new CompletableFuture<WorkerReport>();
        var replication = Thread.ofPlatform().daemon().name("rehearsal").start(() -> {
            try {
                ended.complete(new ReplicatePostgres().run(context));
            } catch (Exception e) {
                ended.completeExceptionally(e);
            }
        });
        try {
            var seen = new Seen(Optional.empty(), false);
            while (!seen.inSync() && !ended.isDone()) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLISECONDS);
                seen = look(context.progress().read(), seen);
            }
            return seen.inSync() ? report(context, begun, seen.copied().orElseThrow()) : early(ended);
        } finally {
            replication.interrupt();
            replication.join();
        }
    }

    private static Seen look(Progress.Reading reading, Seen before) {
        var copied = reading.inSync() || reading.stage().equals(LiveProgress.APPLYING) || reading.stage().startsWith(LiveProgress.PROVING);
        return new Seen(copied ? before.copied().or(() -> Optional.of(System.nanoTime())) : before.copied(), reading.inSync());
    }

    /** Without a drain it ends only by failing. */
    private static WorkerReport early(CompletableFuture<WorkerReport> ended) throws Exception {
        try {
            return ended.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private static WorkerReport report(WorkerContext context, long begun, long copied) throws SQLException, IOException, Refusal {
        var verified = System.nanoTime();
        try (var ledger = LiveSessions.target(Direction.FORWARD, context)) {
            var notes = new ArrayList<>(orphans(context, ledger));
            notes.addAll(Repairs.told(ledger));
            return Query.one(ledger, """
                    SELECT count(DISTINCT r.member), coalesce(sum(r.rows), 0), coalesce(sum(r.bytes), 0), (SELECT repairs FROM mastodon_migration.live)
                    FROM mastodon_migration.live_range r""", row -> {
                var figures = Map.of(Figure.TABLES, row.getLong(1), Figure.ROWS, row.getLong(2), Figure.BYTES, row.getLong(3), Figure.DIFFERENCES,
                        row.getLong(4), Figure.COPY_MILLISECONDS, TimeUnit.NANOSECONDS.toMillis(copied - begun), Figure.VERIFY_MILLISECONDS,
                        TimeUnit.NANOSECONDS.toMillis(verified - copied));
                return WorkerReport.succeeded("Rehearsal: " + row.getLong(1) + " tables, " + row.getLong(2)
                        + " rows were replicated live and proved equal.", figures, notes);
            });
        }
    }

    /** Looks in the copy, which costs the source nothing; a row whose counterpart is on its way there is found to have one on the source. */
    private static List<String> orphans(WorkerContext context, Connection scratch) throws SQLException, IOException, Refusal {
        var suspects = new ArrayList<ForeignKeys.ForeignKey>();
        for (var key : keys(context)) {
            if (key.valid() && ForeignKeys.orphans(scratch, key) > 0) {
                suspects.add(key);
            }
        }
        var notes = new ArrayList<String>();
        if (!suspects.isEmpty()) {
            try (var source = LiveSessions.source(Direction.FORWARD, context)) {
                for (var key : suspects) {
                    var rows = ForeignKeys.orphans(source, key);
                    if (rows > 0 && key.partitioned()) {
                        throw new Refusal(key.words(ForeignKeys.counted(rows)));
                    } else if (rows > 0) {
                        notes.add(key.words(ForeignKeys.counted(rows)));
                    }
                }
            }
        }
        return notes;
    }

    /** Of the source, because the copy has none before it is drained; its connection is given back at once. */
    private static List<ForeignKeys.ForeignKey> keys(WorkerContext context) throws SQLException, IOException, Refusal {
        try (var source = LiveSessions.source(Direction.FORWARD, context)) {
            return ForeignKeys.of(source);
        }
    }
}
