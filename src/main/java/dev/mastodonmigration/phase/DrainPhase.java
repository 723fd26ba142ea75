package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Takes the last changes over: of Postgres at once, behind the write gate, while the source's processes stop; of Redis, which has no gate, when they are gone.
 * By the workers that already run, and for what is not live by copying it now.
 */
@Singleton
public class DrainPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Drain;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var postgres = postgres(context);
        var gone = new SourceGone(context).look();
        if (!(gone instanceof StepResult.Done)) {
            return postgres instanceof StepResult.Done || postgres instanceof StepResult.Working ? gone : postgres;
        }
        var redis = redis(context);
        var unfinished = List.of(postgres, redis).stream().filter(result -> !(result instanceof StepResult.Done)).toList();
        return unfinished.stream().filter(result -> !(result instanceof StepResult.Working)).findFirst()
                .or(() -> unfinished.stream().findFirst())
                .orElseGet(() -> new StepResult.Done(postgres.message() + " " + redis.message()));
    }

    private static StepResult postgres(PhaseContext context) {
        return SpecDefaults.livePostgres(context.spec()) ? context.replication().drain(List.of(Tasks.REPLICATE_POSTGRES))
                : SpecDefaults.dumpsPostgres(context.spec()) ? copy(context, Tasks.COPY_POSTGRES) : new StepResult.Done("Postgres stays where it is.");
    }

    private static StepResult redis(PhaseContext context) {
        return SpecDefaults.liveRedis(context.spec()) ? context.replication().drain(List.of(Tasks.REPLICATE_REDIS))
                : SpecDefaults.copiesRedisInTheFreeze(context.spec()) ? copy(context, Tasks.COPY_REDIS) : new StepResult.Done("Redis stays where it is.");
    }

    private static StepResult copy(PhaseContext context, String task) {
        return context.work(List.of(task), reports -> done(context, reports));
    }

    /** What a rehearsal has noted already is not told again. */
    private static StepResult.Done done(PhaseContext context, Map<String, WorkerReport> reports) {
        var rehearsed = context.status().plan.contains(PhaseId.Rehearse.name());
        var notes = new ArrayList<String>();
        reports.forEach((task, report) -> {
            if (!rehearsed || !task.equals(Tasks.COPY_POSTGRES)) {
                notes.addAll(report.notes());
            }
        });
        notes.forEach(note -> context.tell(Notes.of("drain", note)));
        return new StepResult.Done(reports.values().stream().map(WorkerReport::message).collect(Collectors.joining(" ")));
    }
}
