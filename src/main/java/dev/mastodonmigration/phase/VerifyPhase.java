package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Proves every row and key equal. One difference, and the target is not opened. */
@Singleton
public class VerifyPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Verify;
    }

    /** What was replicated live was proved by its own workers before they ended; the rest is compared now. */
    @Override
    public StepResult step(PhaseContext context) {
        var live = context.replication().tasks();
        var drained = live.isEmpty() ? new StepResult.Done("nothing was replicated live") : context.replication().drain(live);
        if (!(drained instanceof StepResult.Done)) {
            return drained;
        }
        var comparisons = new ArrayList<String>();
        if (!SpecDefaults.livePostgres(context.spec())) {
            comparisons.add(Tasks.VERIFY_POSTGRES);
        }
        if (!SpecDefaults.liveRedis(context.spec())) {
            comparisons.add(Tasks.VERIFY_REDIS);
        }
        return comparisons.isEmpty() ? proved(context, Map.of()) : context.work(comparisons, compared -> proved(context, compared));
    }

    private static StepResult proved(PhaseContext context, Map<String, WorkerReport> compared) {
        var all = new LinkedHashMap<>(context.replication().reports());
        all.putAll(compared);
        var postgres = all.containsKey(Tasks.REPLICATE_POSTGRES) ? all.get(Tasks.REPLICATE_POSTGRES) : all.get(Tasks.VERIFY_POSTGRES);
        var redis = all.containsKey(Tasks.REPLICATE_REDIS) ? all.get(Tasks.REPLICATE_REDIS) : all.get(Tasks.VERIFY_REDIS);
        List.of(postgres, redis).forEach(report -> report.notes().forEach(note -> context.tell(Notes.of("verify", note))));
        long refused = postgres.figures().getOrDefault(Figure.REFUSED_WRITES, 0L);
        if (refused > 0) {
            context.tell(new Fact.Found("refused-writes", Severity.Warning, "The write gate on the source refused " + refused
                    + " writes during the freeze. Something still writes to it, such as a Heroku Scheduler job or a one-off dyno. Nothing of that was taken over; stop it."));
        }
        context.tell(new Fact.Verified(figure(postgres, Figure.TABLES), figure(postgres, Figure.ROWS), figure(postgres, Figure.DIFFERENCES), figure(redis, Figure.KEYS), figure(redis, Figure.DIFFERENCES)));
        return new StepResult.Done(said(all, postgres, Tasks.REPLICATE_POSTGRES, figure(postgres, Figure.ROWS) + " rows are")
                + " " + said(all, redis, Tasks.REPLICATE_REDIS, figure(redis, Figure.KEYS) + " keys are"));
    }

    private static long figure(WorkerReport report, String name) {
        var figure = report.figures().get(name);
        if (figure == null) {
            throw new IllegalStateException("a report of what was proved lacks the figure " + name);
        }
        return figure;
    }

    /** What Drain has told of a live copy is not told again. */
    private static String said(Map<String, WorkerReport> all, WorkerReport report, String task, String proved) {
        return all.containsKey(task) ? proved + " equal on both sides: proved while they were copied, and what changed last was proved again." : report.message();
    }
}
