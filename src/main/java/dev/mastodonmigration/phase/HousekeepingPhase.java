package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/**
 * Does on the open target what would have cost downtime: foreign keys are validated, views and statistics made anew. Feeds that were not brought along
 * are begun, which takes hours where many users are; Soak looks after them. From here on runs what the spec wants run by the clock.
 */
@Singleton
public class HousekeepingPhase implements Phase {
    @Override
    public PhaseId id() {
        return PhaseId.Housekeeping;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return SpecDefaults.livePostgres(context.spec()) ? context.work(List.of(Tasks.HOUSEKEEP_POSTGRES), reports -> {
            var report = reports.get(Tasks.HOUSEKEEP_POSTGRES);
            report.notes().forEach(note -> context.tell(Notes.of("housekeeping", note)));
            return new StepResult.Done((report.message() + instance(context)).strip());
        }) : new StepResult.Done(Optional.of(instance(context).strip()).filter(words -> !words.isEmpty()).orElse("Nothing was left to do."));
    }

    private static String instance(PhaseContext context) {
        new SidekiqBurst(context).begin();
        new SearchWatch(context).begin();
        return feeds(context) + " " + ByTheClock.ensure(context);
    }

    private static String feeds(PhaseContext context) {
        if (!SpecDefaults.rebuildsRedis(context.spec()) || context.compute().isEmpty()) {
            return "";
        }
        context.compute().get().startFeeds();
        return " The instance builds its home and list feeds now.";
    }
}
