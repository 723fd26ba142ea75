package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.util.List;

/**
 * Does on the open target what would have cost downtime: foreign keys are validated, views and statistics made anew. Feeds that were not brought along
 * are begun, which takes hours where many users are; Soak looks after them.
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
            return new StepResult.Done((report.message() + feeds(context)).strip());
        }) : new StepResult.Done(feeds(context).strip());
    }

    private static String feeds(PhaseContext context) {
        if (!SpecDefaults.rebuildsRedis(context.spec()) || context.compute().isEmpty()) {
            return "";
        }
        context.compute().get().startFeeds();
        return " The instance builds its home and list feeds now.";
    }
}
