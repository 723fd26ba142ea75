package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Forecast;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;

/** Copies one snapshot of the running source into a scratch database, proves it, drops it, and so knows how long the real thing will take. */
@Singleton
public class RehearsePhase implements Phase {
    /** Stopping dynos, which Heroku kills after 30 s, and starting Jobs and pods. */
    private static final Duration STOPPING_AND_STARTING = Duration.ofSeconds(45);

    @Override
    public PhaseId id() {
        return PhaseId.Rehearse;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return context.work(List.of(Tasks.REHEARSE_POSTGRES), reports -> forecast(context, reports.get(Tasks.REHEARSE_POSTGRES)));
    }

    private static StepResult forecast(PhaseContext context, WorkerReport report) {
        var copy = Duration.ofMillis(report.figures().getOrDefault(Figure.COPY_MILLISECONDS, 0L));
        var verify = Duration.ofMillis(report.figures().getOrDefault(Figure.VERIFY_MILLISECONDS, 0L));
        var inside = SpecDefaults.livePostgres(context.spec()) ? Duration.ZERO : copy.plus(verify);
        var downtime = inside.plus(STOPPING_AND_STARTING);
        var allowed = SpecDefaults.maxDowntime(context.spec());
        if (downtime.compareTo(allowed) > 0) {
            return new StepResult.Refused("The rehearsal forecasts a downtime of " + downtime.toSeconds() + " s, and strategy.maxDowntime allows " + allowed.toSeconds()
                    + " s. Raise strategy.maxDowntime, or make the database smaller, for example with tootctl statuses remove.");
        }
        return new StepResult.Done("downtime about " + downtime.toSeconds() + " s (" + inside.toSeconds() + " s of copying and verifying Postgres, "
                + STOPPING_AND_STARTING.toSeconds() + " s allowed for dynos and pods)", report.notes(), status -> {
            status.forecast = new Forecast();
            status.forecast.copySeconds = copy.toSeconds();
            status.forecast.downtimeSeconds = downtime.toSeconds();
        });
    }
}
