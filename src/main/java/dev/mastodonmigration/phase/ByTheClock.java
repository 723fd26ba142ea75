package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.target.Compute;
import java.util.List;

/** What the spec wants run by the clock on the target, once that takes writes. What of it is refused is told, and keeps nobody from watching over source and target. */
final class ByTheClock {
    private static final String ORIGIN = "cron-jobs";

    private ByTheClock() {}

    /** @return a sentence; empty where nothing runs by the clock */
    static String ensure(PhaseContext context) {
        try {
            var made = context.compute().map(Compute::ensureCronJobs).orElse(List.of());
            context.findings(ORIGIN, Severity.Action, List.of());
            return made.isEmpty() ? "" : "Run by the clock from now on: CronJobs " + String.join(", ", made) + ".";
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            var told = "What spec.target.compute.kubernetes.cronJobs names is not run by the clock as it says: " + refused.getMessage() + " Correct it there; each edit is carried out until the old host is retired.";
            context.findings(ORIGIN, Severity.Action, List.of(told));
            return told;
        }
    }
}
