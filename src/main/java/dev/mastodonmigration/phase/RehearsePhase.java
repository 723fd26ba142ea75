package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;

/**
 * Copies the running source into a scratch database in the way that the real copy will take, proves it, drops it, and so knows how long that takes.
 * Live, that captures changes of the source from here on.
 */
@Singleton
public class RehearsePhase implements Phase {
    /** Heroku kills a dyno 30 s after it told it to stop; most stop in a second or two. */
    static final Duration STOPPING = Duration.ofSeconds(30);
    /** What is left of a live copy, or the start of the Jobs that copy in the freeze. */
    private static final Duration THE_REST = Duration.ofSeconds(5);
    private static final Duration STARTING = Duration.ofSeconds(15);

    @Override
    public PhaseId id() {
        return PhaseId.Rehearse;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (!SpecDefaults.livePostgres(context.spec())) {
            return context.work(List.of(Tasks.REHEARSE_POSTGRES), reports -> forecast(context, reports.get(Tasks.REHEARSE_POSTGRES), Duration.ZERO));
        }
        // The same steps as the real copy, whose capture then stands already.
        return context.work(List.of(Tasks.MARK_SOURCE), marked -> context.work(List.of(Tasks.INSTALL_CAPTURE), captured -> context.work(
                List.of(Tasks.REHEARSE_LIVE_POSTGRES), reports -> forecast(context, reports.get(Tasks.REHEARSE_LIVE_POSTGRES), keyless(captured.get(Tasks.INSTALL_CAPTURE))))));
    }

    /** Tables that no key can be followed by are copied while the instance is down. */
    private static Duration keyless(WorkerReport captured) {
        return Duration.ofSeconds(captured.figures().getOrDefault(Figure.KEYLESS_SECONDS, 0L));
    }

    /** @param keyless what a live copy leaves for the freeze */
    private static StepResult forecast(PhaseContext context, WorkerReport report, Duration keyless) {
        var copy = Duration.ofMillis(report.figures().getOrDefault(Figure.COPY_MILLISECONDS, 0L));
        var verify = Duration.ofMillis(report.figures().getOrDefault(Figure.VERIFY_MILLISECONDS, 0L));
        var isLive = SpecDefaults.livePostgres(context.spec());
        var inside = isLive ? keyless : copy.plus(verify);
        var downtime = inside.plus(STOPPING).plus(isLive && !SpecDefaults.copiesRedisInTheFreeze(context.spec()) ? THE_REST : STARTING);
        var allowed = SpecDefaults.maxDowntime(context.spec());
        if (downtime.compareTo(allowed) > 0) {
            return new StepResult.Refused("The rehearsal forecasts a downtime of " + downtime.toSeconds() + " s, and strategy.maxDowntime allows " + allowed.toSeconds()
                    + " s. Raise strategy.maxDowntime" + (isLive ? "." : ", or make the database smaller, for example with tootctl statuses remove."));
        }
        var words = isLive
                ? "Copying takes about " + copy.toSeconds() + " s and proving about " + verify.toSeconds() + " s, while the instance runs on; downtime at most "
                        + downtime.toSeconds() + " s, " + STOPPING.toSeconds() + " s of it if a dyno does not stop by itself"
                        + (keyless.isZero() ? "" : " and " + keyless.toSeconds() + " s for tables without a key")
                : "The downtime will be about " + downtime.toSeconds() + " s (" + inside.toSeconds() + " s of copying and verifying Postgres, "
                        + downtime.minus(inside).toSeconds() + " s allowed for dynos and pods)";
        report.notes().forEach(note -> context.tell(Notes.of("rehearsal", note)));
        context.tell(new Fact.Forecasted(copy, downtime));
        return new StepResult.Done(words);
    }

    /** Where changes were captured for it, the source carries triggers; the scratch database goes with the copy. */
    @Override
    public StepResult undo(PhaseContext context) {
        return SpecDefaults.livePostgres(context.spec()) ? new GoingBack(context).clearSource() : new StepResult.Done("The rehearsal has ended.");
    }
}
