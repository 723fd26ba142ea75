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
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
        if (SpecDefaults.dumpsPostgres(context.spec())) {
            comparisons.add(Tasks.VERIFY_POSTGRES);
        }
        if (SpecDefaults.copiesRedisInTheFreeze(context.spec())) {
            comparisons.add(Tasks.VERIFY_REDIS);
        }
        return comparisons.isEmpty() ? proved(context, Map.of()) : context.work(comparisons, compared -> proved(context, compared));
    }

    private static StepResult proved(PhaseContext context, Map<String, WorkerReport> compared) {
        var all = new LinkedHashMap<>(context.replication().reports());
        all.putAll(compared);
        var postgres = report(all, Tasks.REPLICATE_POSTGRES, Tasks.VERIFY_POSTGRES);
        var redis = report(all, Tasks.REPLICATE_REDIS, Tasks.VERIFY_REDIS);
        if (SpecDefaults.movesPostgres(context.spec()) && postgres.isEmpty() || SpecDefaults.movesRedis(context.spec()) && redis.isEmpty()) {
            throw new IllegalStateException("a database moves, and there is no report of what was proved of it");
        }
        Stream.of(postgres, redis).flatMap(Optional::stream).forEach(report -> report.notes().forEach(note -> context.tell(Notes.of("verify", note))));
        long refused = postgres.map(report -> report.figures().getOrDefault(Figure.REFUSED_WRITES, 0L)).orElse(0L);
        if (refused > 0) {
            context.tell(new Fact.Found("refused-writes", Severity.Warning, "The write gate on the source refused " + refused
                    + " writes during the freeze. Something still writes to it, such as a Heroku Scheduler job or a one-off dyno. Nothing of that was taken over; stop it."));
        }
        context.tell(new Fact.Verified(figure(postgres, Figure.TABLES), figure(postgres, Figure.ROWS), figure(postgres, Figure.DIFFERENCES), figure(redis, Figure.KEYS), figure(redis, Figure.DIFFERENCES)));
        var said = Stream.of(postgres.map(report -> said(all, report, Tasks.REPLICATE_POSTGRES, figure(postgres, Figure.ROWS) + " rows are")),
                redis.map(report -> said(all, report, Tasks.REPLICATE_REDIS, figure(redis, Figure.KEYS) + " keys are"))).flatMap(Optional::stream).collect(Collectors.joining(" "));
        return new StepResult.Done(said.isEmpty() ? "No data moves." : said);
    }

    /** Empty where that half stays. */
    private static Optional<WorkerReport> report(Map<String, WorkerReport> all, String live, String compared) {
        return Optional.ofNullable(all.getOrDefault(live, all.get(compared)));
    }

    /** Nothing of what stays can differ. */
    private static long figure(Optional<WorkerReport> report, String name) {
        return report.map(given -> figure(given, name)).orElse(0L);
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
