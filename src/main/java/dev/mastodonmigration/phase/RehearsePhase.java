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
    /** Heroku kills a dyno 30 s after it told it to stop; most stop in a second or two. */
    private static final Duration STOPPING = Duration.ofSeconds(30);
    /** What is left of a live copy, or the start of the Jobs that copy in the freeze. */
    private static final Duration THE_REST = Duration.ofSeconds(5);
    private static final Duration STARTING = Duration.ofSeconds(15);

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
        var live = SpecDefaults.livePostgres(context.spec()) && SpecDefaults.liveRedis(context.spec());
        var inside = SpecDefaults.livePostgres(context.spec()) ? Duration.ZERO : copy.plus(verify);
        var downtime = inside.plus(STOPPING).plus(live ? THE_REST : STARTING);
        var allowed = SpecDefaults.maxDowntime(context.spec());
        if (downtime.compareTo(allowed) > 0) {
            return new StepResult.Refused("The rehearsal forecasts a downtime of " + downtime.toSeconds() + " s, and strategy.maxDowntime allows " + allowed.toSeconds()
                    + " s. Raise strategy.maxDowntime, or make the database smaller, for example with tootctl statuses remove.");
        }
        return new StepResult.Done("downtime " + (live ? "at most " + downtime.toSeconds() + " s, " + STOPPING.toSeconds() + " s of it if a dyno does not stop by itself"
                        : "about " + downtime.toSeconds() + " s (" + inside.toSeconds() + " s of copying and verifying Postgres, " + downtime.minus(inside).toSeconds() + " s allowed for dynos and pods)"), report.notes(), status -> {
            status.forecast = new Forecast();
            status.forecast.copySeconds = copy.toSeconds();
            status.forecast.downtimeSeconds = downtime.toSeconds();
        });
    }
}
