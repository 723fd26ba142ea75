package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;

/** Does on the open target what would have cost downtime: foreign keys are validated, views and statistics made anew, feeds built that were not brought along. */
@Singleton
public class HousekeepingPhase implements Phase {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);

    @Override
    public PhaseId id() {
        return PhaseId.Housekeeping;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return SpecDefaults.livePostgres(context.spec()) ? context.work(List.of(Tasks.HOUSEKEEP_POSTGRES), reports -> {
            var report = reports.get(Tasks.HOUSEKEEP_POSTGRES);
            return feeds(context, new StepResult.Done(report.message(), report.notes(), StepResult.NO_FACTS));
        }) : feeds(context, new StepResult.Done(""));
    }

    private static StepResult feeds(PhaseContext context, StepResult.Done before) {
        if (!SpecDefaults.rebuildsRedis(context.spec())) {
            return before;
        }
        var attempt = context.record().attempts;
        var job = context.compute().feedsJob(context.migration(), attempt);
        return context.compute().buildFeeds(context.migration(), attempt).<StepResult>map(good -> good
                ? new StepResult.Done((before.message() + " Home and list feeds were built anew.").strip(), before.notes(), before.facts())
                : new StepResult.Retryable("Mastodon could not build its feeds. Its last words: kubectl logs " + job + ". The instance runs on; who is not served yet sees an incomplete home timeline."))
                .orElseGet(() -> new StepResult.Working("the instance builds its feeds; how far it is: kubectl logs -f " + job, BETWEEN_LOOKS));
    }
}
