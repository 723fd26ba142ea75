package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Takes the last changes over from the stopped source: by the workers that already run, and for what is not live by copying it now. */
@Singleton
public class DrainPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Drain;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var replication = new Replication(context);
        var copies = copies(context);
        if (!replication.wanted()) {
            return context.work(copies, reports -> done(context, reports));
        }
        var drained = replication.drained(reports -> done(context, reports));
        if (copies.isEmpty()) {
            return drained;
        }
        var copied = context.work(copies, reports -> done(context, reports));
        return drained instanceof StepResult.Done live && copied instanceof StepResult.Done dumped ? both(live, dumped) : drained instanceof StepResult.Done ? copied : drained;
    }

    private static List<String> copies(PhaseContext context) {
        var copies = new ArrayList<String>();
        if (!SpecDefaults.livePostgres(context.spec())) {
            copies.add(Tasks.COPY_POSTGRES);
        }
        if (!SpecDefaults.liveRedis(context.spec())) {
            copies.add(Tasks.COPY_REDIS);
        }
        return copies;
    }

    /** What a rehearsal has noted already is not told again. */
    private static StepResult.Done done(PhaseContext context, Map<String, WorkerReport> reports) {
        var rehearsed = context.status().plan.contains(PhaseId.Rehearse.name());
        var messages = new LinkedHashMap<>(reports).values().stream().map(WorkerReport::message).toList();
        var notes = reports.entrySet().stream().filter(report -> !rehearsed || !report.getKey().equals(Tasks.COPY_POSTGRES)).flatMap(report -> report.getValue().notes().stream()).toList();
        return new StepResult.Done(String.join(" ", messages), notes, StepResult.NO_FACTS);
    }

    private static StepResult both(StepResult.Done one, StepResult.Done other) {
        var notes = new ArrayList<>(one.notes());
        notes.addAll(other.notes());
        return new StepResult.Done(one.message() + " " + other.message(), notes, one.facts().andThen(other.facts()));
    }
}
