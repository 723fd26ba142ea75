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
        var missing = apps.notYetUp(saved);
        return missing.isEmpty()
                ? new StepResult.Done("the source runs as before", List.of(), status -> stopTheClock(status, context.now()))
                : new StepResult.Working("waiting for dynos to start: " + String.join(", ", missing), BETWEEN_LOOKS);
    }

    private static void stopTheClock(MastodonMigrationStatus status, Instant now) {
        if (status.downtime != null) {
            status.downtime.endedAt = now.toString();
            status.downtime.seconds = Duration.between(Instant.parse(status.downtime.startedAt), now).toMillis() / MILLISECONDS;
        }
    }
}
