package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.source.heroku.HerokuException;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Keeps the source as it was at the freeze, gate and all, while the admin finds out whether the new place is good. */
@Singleton
public class SoakPhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);

    @Override
    public PhaseId id() {
        return PhaseId.Soak;
    }

    /** Nobody may be served by both sides; that Heroku cannot be asked just now changes nothing on the target. */
    private static String source(PhaseContext context) {
        try {
            var up = new SourceApps(context).scaledUp();
            return up.isEmpty() ? "" : "SOMEBODY STARTED HEROKU AGAIN, scale it to zero: " + String.join(", ", up) + "; ";
        } catch (HerokuException | MissingInputException unknown) {
            return "the source cannot be looked at: " + unknown.getMessage() + "; ";
        }
    }

    @Override
    public StepResult step(PhaseContext context) {
        var end = Instant.parse(context.record().startedAt).plus(SpecDefaults.soak(context.spec())).truncatedTo(ChronoUnit.SECONDS);
        var feeds = new FeedsWatch(context);
        if (!context.now().isBefore(end)) {
            return feeds.isOver() ? new StepResult.Done("soaked until " + end + feeds.words(), feeds.notes(), StepResult.NO_FACTS)
                    : new StepResult.Working("soaked until " + end + feeds.words(), BETWEEN_LOOKS);
        }
        var readiness = context.compute().ready();
        var health = readiness.complete() ? "the target is healthy" : "the target is NOT healthy, not ready: " + readiness.waitingFor();
        return StepResult.Waiting.until(end, context.now(), health + feeds.words() + "; " + source(context) + "soaking until " + end);
    }
}
