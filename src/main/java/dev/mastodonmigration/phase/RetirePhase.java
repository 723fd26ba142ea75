package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.target.TargetDatabase;
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
            if (context.edge().map(Edge::handOver).orElseGet(() -> new Provisioned.Ready("")) instanceof Provisioned.Working edge) {
                return new StepResult.Working(edge.message(), BETWEEN_LOOKS);
            }
            var ended = endFollowing(context);
            if (ended instanceof Provisioned.Working) {
                return new StepResult.Working(ended.message(), BETWEEN_LOOKS);
            }
            var report = reports.get(Tasks.RELEASE);
            context.compute().ifPresent(compute -> {
                compute.removeSmokeTest();
                if (SpecDefaults.rebuildsRedis(context.spec())) {
                    compute.removeFeeds();
                }
            });
            context.tell(new Fact.SourceReleased());
            report.notes().forEach(note -> context.tell(Notes.of("retire", note)));
            return new StepResult.Done((report.message() + (ended.message().isEmpty() ? "" : " " + ended.message() + ".")).strip());
        });
    }

    /** The way back is over. What stays does no harm, so that it holds nothing up: credentials may be gone by now. */
    private static Provisioned endFollowing(PhaseContext context) {
        try {
            return context.outside().redis().map(TargetDatabase::endFollowing).orElseGet(() -> new Provisioned.Ready(""));
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            context.tell(Notes.of("retire", "The target's Redis still notifies of changed keys, which nobody needs any more and costs it a little. Take it back yourself. " + refused.getMessage()));
            return new Provisioned.Ready("");
        }
    }
}
