package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PostgresVerification;
import dev.mastodonmigration.api.MastodonMigrationStatus.RedisVerification;
import dev.mastodonmigration.api.MastodonMigrationStatus.Verification;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Proves every row and key equal. One difference, and the target is not opened. */
@Singleton
public class VerifyPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Verify;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var replication = new Replication(context);
        return replication.wanted() ? replication.drained(live -> compare(context, live)) : compare(context, Map.of());
    }

    /** What was replicated live was proved by its own workers before they ended; the rest is compared now. */
    private static StepResult compare(PhaseContext context, Map<String, WorkerReport> live) {
        var comparisons = new ArrayList<String>();
        if (!live.containsKey(Tasks.REPLICATE_POSTGRES)) {
            comparisons.add(Tasks.VERIFY_POSTGRES);
        }
        if (!live.containsKey(Tasks.REPLICATE_REDIS)) {
            comparisons.add(Tasks.VERIFY_REDIS);
        }
        return comparisons.isEmpty() ? proved(live, live.get(Tasks.REPLICATE_POSTGRES), live.get(Tasks.REPLICATE_REDIS)) : context.work(comparisons, compared -> proved(live,
                live.getOrDefault(Tasks.REPLICATE_POSTGRES, compared.get(Tasks.VERIFY_POSTGRES)), live.getOrDefault(Tasks.REPLICATE_REDIS, compared.get(Tasks.VERIFY_REDIS))));
    }

    private static StepResult proved(Map<String, WorkerReport> live, WorkerReport postgres, WorkerReport redis) {
        var notes = new ArrayList<>(postgres.notes());
        notes.addAll(redis.notes());
        long refused = postgres.figures().getOrDefault(Figure.REFUSED_WRITES, 0L);
        if (refused > 0) {
            notes.add("Writes refused by the write gate on the source during the freeze: " + refused
                    + ". Something still writes to it, such as a Heroku Scheduler job or a one-off dyno. Nothing of it was taken over; stop it.");
        }
        return new StepResult.Done(said(live, postgres, Tasks.REPLICATE_POSTGRES, postgres.figures().get(Figure.ROWS) + " rows are")
                + " " + said(live, redis, Tasks.REPLICATE_REDIS, redis.figures().get(Figure.KEYS) + " keys are"), List.copyOf(notes), status -> record(status, postgres, redis));
    }

    /** What Drain has told of a live copy is not told again. */
    private static String said(Map<String, WorkerReport> live, WorkerReport report, String task, String proved) {
        return live.containsKey(task) ? proved + " equal on both sides, proved while they were copied and again what changed last." : report.message();
    }

    private static void record(MastodonMigrationStatus status, WorkerReport postgres, WorkerReport redis) {
        var rows = new PostgresVerification();
        rows.tables = postgres.figures().get(Figure.TABLES);
        rows.rows = postgres.figures().get(Figure.ROWS);
        rows.differences = postgres.figures().get(Figure.DIFFERENCES);
        var keys = new RedisVerification();
        keys.keys = redis.figures().get(Figure.KEYS);
        keys.differences = redis.figures().get(Figure.DIFFERENCES);
        status.verification = new Verification();
        status.verification.postgres = rows;
        status.verification.redis = keys;
    }
}
