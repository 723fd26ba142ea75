package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Burst;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * More Sidekiq for what piled up during the move, where the spec wants that: from Housekeeping, when the target takes writes, until its queues are level. It holds nothing up: whoever looks after the target ends it, and
 * Retire does at the latest.
 */
final class SidekiqBurst {
    private static final String ORIGIN = "sidekiq-burst";
    private static final Duration LONGEST = Duration.ofHours(2);
    private static final Duration BETWEEN_LOOKS = Duration.ofMinutes(1);
    private static final long LEVEL_SECONDS = 60;
    private static final int LOOKS = 2;
    private final PhaseContext context;

    SidekiqBurst(PhaseContext context) {
        this.context = context;
    }

    /** Begins it, once in a migration. */
    void begin() {
        if (SpecDefaults.burstQueues(context.spec()).isEmpty() || context.status().internal.burst != null || context.compute().isEmpty()) {
            return;
        }
        try {
            var names = context.compute().get().burstSidekiq();
            if (!names.isEmpty()) {
                context.tell(new Fact.BurstBegun(names));
            }
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            context.findings(ORIGIN, Severity.Warning, List.of("Sidekiq could not be given the pods that burstReplicas names: " + refused.getMessage() + " What piled up during the move takes it longer."));
        }
    }

    private Optional<Burst> under() {
        return Optional.ofNullable(context.status().internal.burst).filter(burst -> burst.endedAt == null);
    }

    /** One look, in words that end with a semicolon; empty where nothing is to be said. */
    String keep() {
        return under().map(this::keep).orElse("");
    }

    private String keep(Burst burst) {
        if (burst.level >= LOOKS) {
            return end("Its queues are level.");
        }
        if (!context.now().isBefore(Instant.parse(burst.startedAt).plus(LONGEST))) {
            return end("Two hours are over, and its queues were not seen to be level: look at /sidekiq of the instance, and raise replicas if it does not keep up.");
        }
        if (burst.lookedAt == null || !context.now().isBefore(Instant.parse(burst.lookedAt).plus(BETWEEN_LOOKS))) {
            look();
        }
        return "Sidekiq runs with more pods until its queues are level; ";
    }

    private void look() {
        try {
            context.workers().here(Tasks.LOOK_AT_QUEUES, context.status().internal.epoch).ifPresent(report -> context.tell(new Fact.QueuesSeen(isLevel(report))));
        } catch (OutsideException notNow) {
            // What is not known is not level, and two hours end it.
            context.tell(new Fact.QueuesSeen(false));
        }
    }

    private boolean isLevel(WorkerReport report) {
        return report.outcome() == WorkerReport.Outcome.SUCCEEDED && SpecDefaults.burstQueues(context.spec()).stream().allMatch(queue -> report.figures().getOrDefault(queue, 0L) < LEVEL_SECONDS);
    }

    /** At the latest. */
    void end() {
        under().ifPresent(burst -> end("The old host is retired."));
    }

    private String end(String why) {
        try {
            var byHand = context.compute().isEmpty() ? List.<String>of() : context.compute().get().calmSidekiq();
            context.findings(ORIGIN, Severity.Note, byHand.isEmpty() ? List.of() : List.of("Somebody scaled " + String.join(", ", byHand) + " by hand while Sidekiq had more pods for a while. That was left as it is; each edit of the spec sets what the spec says."));
            context.tell(new Fact.BurstEnded("Sidekiq runs with its usual number of pods again. " + why));
            return "";
        } catch (OutsideException notNow) {
            return "Sidekiq could not be given its usual number of pods again yet: " + notNow.getMessage() + "; ";
        }
    }
}
