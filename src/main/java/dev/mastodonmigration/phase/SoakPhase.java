package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.heroku.HerokuException;
import dev.mastodonmigration.itinerary.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Keeps the source as it was at the freeze, gate and all, while the admin finds out whether the new place is good. */
@Singleton
public class SoakPhase implements Phase {
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
        if (!context.now().isBefore(end)) {
            return new StepResult.Done("soaked until " + end);
        }
        var readiness = context.compute().ready(context.migration());
        var health = readiness.complete() ? "the target is healthy" : "the target is NOT healthy, not ready: " + readiness.waitingFor();
        return StepResult.Waiting.until(end, context.now(), health + "; " + source(context) + "soaking until " + end);
    }
}
