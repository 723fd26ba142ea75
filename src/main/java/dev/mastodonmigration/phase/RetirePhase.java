package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;

/** Ends the migration: the formation stays at zero where the admin said so, and nothing of ours stays on either side. */
@Singleton
public class RetirePhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);

    @Override
    public PhaseId id() {
        return PhaseId.Retire;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (!context.intended(Tasks.RELEASE)) {
            var formation = SpecDefaults.retireFormation(context.spec());
            if (formation) {
                context.source().stop();
            }
            var awake = context.source().awake();
            var running = awake.isEmpty() ? context.source().alive().stream().map(Source.Process::name).toList() : awake;
            if (!running.isEmpty() && formation) {
                return new StepResult.Working("waiting for the source's processes to stop: " + String.join(", ", running), BETWEEN_LOOKS);
            }
            if (!running.isEmpty()) {
                return new StepResult.Refused("The write gate stays on the source's database, because something runs there again: " + String.join(", ", running)
                        + ". Its posts would be lost. Scale it to zero.");
            }
        }
        return context.work(List.of(Tasks.RELEASE), reports -> {
            var report = reports.get(Tasks.RELEASE);
            context.compute().ifPresent(compute -> {
                compute.removeSmokeTest();
                if (SpecDefaults.rebuildsRedis(context.spec())) {
                    compute.removeFeeds();
                }
            });
            context.tell(new Fact.SourceReleased());
            report.notes().forEach(note -> context.tell(Notes.of("retire", note)));
            return new StepResult.Done(report.message());
        });
    }
}
