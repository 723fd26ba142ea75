package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Tells Sidekiq on the source to fetch no more jobs and proves it idle before the clock starts: a job that is being executed is in its memory alone. The
 * instance runs on meanwhile, and its queues grow. Whatever keeps the clock from starting after that restarts Sidekiq, because a quiet one never fetches again.
 */
@Singleton
public class QuietSidekiqPhase implements Phase {
    private static final Duration SHORTLY = Duration.ofMillis(250);

    @Override
    public PhaseId id() {
        return PhaseId.QuietSidekiq;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var withdrawn = Gate.withdrawn(context);
        if (withdrawn.isPresent()) {
            return withdrawn.get();
        }
        if (!context.status().sidekiqIsQuiet()) {
            var edited = new TargetCheck(context).edited();
            if (edited.isPresent()) {
                return new StepResult.Withdrawn("The freeze was not begun, because " + edited.get() + ".");
            }
            var notReady = new TargetCheck(context).notReady();
            if (notReady.isPresent()) {
                return new StepResult.Retryable("The freeze was not begun, because " + notReady.get() + ".");
            }
            return Stream.<Supplier<StepResult>>of(() -> context.replication().followsTheDatabase(), () -> context.replication().followsEveryRedis())
                    .map(Supplier::get).filter(result -> !(result instanceof StepResult.Done)).findFirst().orElseGet(() -> begin(context));
        }
        var look = context.look(jobs(context));
        if (look.failure().isPresent()) {
            return look.failure().get() instanceof StepResult.Refused ? look.failure().get() : again(context, look.failure().get());
        }
        if (look.running().isEmpty()) {
            var report = look.reports().get(Tasks.QUIET_SIDEKIQ);
            new SidekiqOfOthers(context).tellQuiet(report.notes());
            return new StepResult.Done(report.message());
        }
        return new StepResult.Working("waiting for Sidekiq on the source to finish its jobs" + look.running().get(Tasks.QUIET_SIDEKIQ).hitch());
    }

    private static StepResult begin(PhaseContext context) {
        // Starting Sidekiq again must not depend on a Secret that is deleted together with the migration.
        context.source().keepCredentials();
        context.tell(new Fact.SidekiqQuieting(context.intent(Tasks.QUIET_SIDEKIQ, attempts(context) + 1)));
        return new StepResult.Working("about to quiet Sidekiq on the source", PhaseContext.AT_ONCE);
    }

    /** Another worker goes on where one was killed: what is quiet stays so. The phase's deadline ends it. */
    private static StepResult again(PhaseContext context, StepResult failure) {
        if (context.workers().stop(jobs(context))) {
            return new StepResult.Working("waiting for the worker that quiets Sidekiq to end: " + failure.message());
        }
        context.tell(new Fact.SidekiqQuieting(context.intent(Tasks.QUIET_SIDEKIQ, attempts(context) + 1)));
        return new StepResult.Working("about to start " + Tasks.QUIET_SIDEKIQ + " again: " + failure.message(), PhaseContext.AT_ONCE);
    }

    @Override
    public StepResult undo(PhaseContext context) {
        if (context.workers().stop(jobs(context))) {
            return new StepResult.Working("waiting for the worker that quiets Sidekiq to end");
        }
        if (attempts(context) == 0) {
            return new StepResult.Done("Sidekiq on the source takes jobs.");
        }
        var others = new SidekiqOfOthers(context).asleep();
        if (others.isEmpty()) {
            return new StepResult.Working("asking which Sidekiq processes fetch no more jobs", SHORTLY);
        }
        return new StepResult.Done((context.status().sidekiqIsQuiet() ? restart(context) : "Sidekiq on the source takes jobs.") + others.get());
    }

    private static String restart(PhaseContext context) {
        var restarted = context.source().restartSidekiq();
        context.tell(new Fact.SidekiqRestarted(restarted));
        return restarted.isEmpty() ? "No process of the source seems to run Sidekiq: restart it where it runs." : "Restarted " + String.join(", ", restarted) + ".";
    }

    private static List<JobRecord> jobs(PhaseContext context) {
        return Optional.ofNullable(context.status().internal.quieting).map(quieting -> quieting.jobs).orElse(List.of());
    }

    private static int attempts(PhaseContext context) {
        return Optional.ofNullable(context.status().internal.quieting).map(quieting -> quieting.attempts).orElse(0);
    }
}
