package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Keeps the source stopped as it was at the freeze, gate and all, while the admin finds out whether the new place is good. Where only databases moved it runs, and its old ones keep the gate. */
@Singleton
public class SoakPhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    private static final Duration SOON = Duration.ofSeconds(2);

    @Override
    public PhaseId id() {
        return PhaseId.Soak;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var end = Instant.parse(context.record().startedAt).plus(SpecDefaults.soak(context.spec())).truncatedTo(ChronoUnit.SECONDS);
        var source = AfterTheMove.watchSource(context) + AfterTheMove.keepEdge(context) + new SidekiqBurst(context).keep();
        var answered = new UserProbes(context).again();
        new EntranceLook(context).again();
        var search = new SearchWatch(context).look();
        var feeds = new FeedsWatch(context);
        if (!context.now().isBefore(end)) {
            if (!feeds.isOver()) {
                return new StepResult.Working("The soak is over" + feeds.words() + ".", BETWEEN_LOOKS);
            }
            context.findings("feeds", Severity.Action, feeds.notes());
            return new StepResult.Done("Soaked until " + end + feeds.words() + ".");
        }
        var health = health(context);
        return StepResult.Waiting.until(end, context.now(), health + feeds.words() + search + "; " + source + "soaking until " + end)
                .meanwhile(answered && context.status().source.awake.isEmpty() ? Duration.ofSeconds(30) : SOON);
    }

    private static String health(PhaseContext context) {
        if (context.computeStays()) {
            return "the instance runs with the new databases";
        }
        var edited = AfterTheMove.applyEdits(context);
        var readiness = context.compute().get().ready();
        return edited + (readiness.complete() ? "the target is healthy" : "the target is NOT healthy, not ready: " + readiness.waitingFor());
    }
}
