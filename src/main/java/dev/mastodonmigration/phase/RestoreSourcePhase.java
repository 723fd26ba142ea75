package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Starts the source with the formation and maintenance mode that it had before the freeze. */
@Singleton
public class RestoreSourcePhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);
    private static final Duration BETWEEN_LATER_LOOKS = Duration.ofSeconds(10);
    /** A dyno that was crashing or idle before the freeze never comes up: it is enough then that it exists. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final double MILLISECONDS = 1000.0;

    @Override
    public PhaseId id() {
        return PhaseId.RestoreSource;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var saved = context.status().source;
        var apps = new SourceApps(context);
        apps.startAsTheyWere(saved);
        var patient = context.now().isBefore(Instant.parse(context.record().startedAt).plus(PATIENCE));
        var missing = patient ? apps.notYetUp(saved) : apps.notYetThere(saved);
        if (!missing.isEmpty()) {
            return new StepResult.Working("waiting for dynos to start: " + String.join(", ", missing), patient ? BETWEEN_LOOKS : BETWEEN_LATER_LOOKS);
        }
        var notUp = patient ? List.<String>of() : apps.notYetUp(saved).stream().map(dynos -> "Not up yet, look at heroku ps: " + dynos).toList();
        return new StepResult.Done("the source runs as before", notUp, status -> stopTheClock(status, context.now()));
    }

    private static void stopTheClock(MastodonMigrationStatus status, Instant now) {
        if (status.downtime != null) {
            status.downtime.endedAt = now.toString();
            status.downtime.seconds = Duration.between(Instant.parse(status.downtime.startedAt), now).toMillis() / MILLISECONDS;
        }
    }
}
