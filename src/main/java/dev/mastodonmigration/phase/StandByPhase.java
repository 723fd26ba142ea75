package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;

/** Starts the workers of the freeze and waits until they could act at once. */
@Singleton
public class StandByPhase implements Phase {
    private static final Duration SHORTLY = Duration.ofMillis(250);
    /** For what is only told. */
    private static final Duration LONGEST_LOOK = Duration.ofSeconds(30);

    @Override
    public PhaseId id() {
        return PhaseId.StandBy;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var withdrawn = Gate.withdrawn(context);
        if (withdrawn.isPresent()) {
            return withdrawn.get();
        }
        var ready = new Standby(context).ready();
        return ready instanceof StepResult.Done ? rehearseTheLook(context) : ready;
    }

    /** The operator itself will ask who is connected to the source; once before, so that it is known to get through, and quick when users wait. */
    private static StepResult rehearseTheLook(PhaseContext context) {
        if (!new OtherPrograms(context).look() && context.now().isBefore(Instant.parse(context.record().startedAt).plus(LONGEST_LOOK))) {
            return new StepResult.Working("asking the source's databases which other programs are connected", SHORTLY);
        }
        var looked = context.workers().here(Tasks.LOOK_FOR_CLIENTS, context.status().internal.epoch);
        return looked.<StepResult>map(report -> new StepResult.Done("The workers of the freeze stand by." + (report.outcome() == WorkerReport.Outcome.SUCCEEDED ? ""
                : " The operator itself cannot ask the source's databases who is connected (" + report.message() + "), so that up to " + context.source().unseen().toSeconds()
                        + " s of the freeze will go by with waiting for processes that may still be ending.")))
                .orElseGet(() -> new StepResult.Working("asking the source's databases who is connected", SHORTLY));
    }

    @Override
    public StepResult undo(PhaseContext context) {
        return new Standby(context).end();
    }
}
