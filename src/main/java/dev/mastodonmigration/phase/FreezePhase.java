package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Downtime;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Stops the source, and proves that it is stopped: it is marked as ours, what it was is saved, then maintenance mode (HTTP only), formation 0, no dyno left,
 * and the write gate on its database, because a Scheduler dyno can start after any look.
 */
@Singleton
public class FreezePhase implements Phase {
    private static final Duration AT_ONCE = Duration.ofMillis(10);
    /** Heroku counts requests: dynos take seconds to stop, up to 30. */
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    @Override
    public PhaseId id() {
        return PhaseId.Freeze;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (context.status().source == null) {
            return context.work(List.of(Tasks.MARK_SOURCE), reports -> save(context));
        }
        if (context.status().downtime == null) {
            return new StepResult.Working("the clock starts", status -> {
                status.downtime = new Downtime();
                status.downtime.startedAt = context.now().toString();
            }, Optional.of(AT_ONCE));
        }
        if (!context.intended(Tasks.CLOSE_SOURCE)) {
            var apps = new SourceApps(context);
            apps.stop();
            var alive = apps.dynos();
            if (!alive.isEmpty()) {
                return new StepResult.Working("waiting for dynos to stop: " + String.join(", ", alive)
                        + (alive.stream().anyMatch(SourceApps::isOneOff) ? ". One-off dynos end only by themselves or by heroku ps:stop." : ""), BETWEEN_LOOKS);
            }
        }
        if (context.status().source.closingAt == null && context.created(Tasks.CLOSE_SOURCE)) {
            return new StepResult.Working("closing the source database", status -> status.source.closingAt = context.now().toString(), Optional.of(AT_ONCE));
        }
        return context.work(List.of(Tasks.CLOSE_SOURCE), reports -> {
            var report = reports.get(Tasks.CLOSE_SOURCE);
            return new StepResult.Done(report.message(), report.notes(), StepResult.NO_FACTS);
        });
    }

    /** What restoring needs is written once: a second reading would find the frozen values. */
    private static StepResult save(PhaseContext context) {
        context.inputs().keepHerokuToken(context.migration());
        var source = new SourceApps(context).read();
        return new StepResult.Working("saved the formation and maintenance mode of " + String.join(", ", SpecDefaults.apps(context.spec())), status -> {
            if (status.source == null) {
                status.source = source;
            }
        }, Optional.of(AT_ONCE));
    }
}
