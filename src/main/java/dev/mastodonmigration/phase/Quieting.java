package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.worker.control.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Sidekiq on the source, told to fetch no more jobs and proved idle before the clock starts: a job that is being executed is in its memory alone. The
 * instance runs on meanwhile, and its queues grow. Whatever keeps the clock from starting after that restarts Sidekiq's dynos, because a quiet one
 * never fetches again; until its dynos are gone or restarted, status says that it is quiet.
 */
final class Quieting {
    private static final List<String> TASKS = List.of(Tasks.QUIET_SIDEKIQ);
    private static final Duration AT_ONCE = Duration.ofMillis(10);
    /** The worker itself gives up after half of it. */
    private static final Duration LONGEST = Duration.ofMinutes(6);
    private static final Duration PAUSE = Duration.ofMinutes(5);
    private static final int TRIES = 3;
    private final PhaseContext context;

    Quieting(PhaseContext context) {
        this.context = context;
    }

    /** Done once no Sidekiq of the source has a job in hand or takes one. */
    StepResult idle() {
        var quieting = context.status().quieting;
        if (!context.status().sidekiqIsQuiet()) {
            return mayBegin() ? begin() : quieting.againAt == null ? new StepResult.Refused(quieting.failure) : new StepResult.Retryable(quieting.failure);
        }
        var look = jobs().look(TASKS);
        if (look.failure().isPresent()) {
            return look.failure().get() instanceof StepResult.Refused || quieting.tries >= TRIES ? look.failure().get() : again(look.failure().get());
        }
        return look.running().isEmpty() ? new StepResult.Done(look.reports().get(Tasks.QUIET_SIDEKIQ).message())
                : new StepResult.Working("quieting Sidekiq on the source" + look.running().get(Tasks.QUIET_SIDEKIQ).hitch(), look.facts());
    }

    private boolean mayBegin() {
        var last = context.status().quieting;
        return last == null || last.failure == null || !last.generation.equals(context.migration().getMetadata().getGeneration())
                || last.againAt != null && !context.now().isBefore(Instant.parse(last.againAt));
    }

    private StepResult begin() {
        // Starting Sidekiq again must not depend on a Secret that is deleted together with the migration.
        context.inputs().keepHerokuToken(context.migration());
        return new StepResult.Working("about to quiet Sidekiq on the source", status -> {
            var attempt = Optional.ofNullable(status.quieting).map(last -> last.attempts).orElse(0) + 1;
            status.quieting = new MastodonMigrationStatus.Quieting();
            status.quieting.attempts = attempt;
            status.quieting.tries = 1;
            status.quieting.startedAt = context.now().toString();
            status.quieting.jobs.add(context.intent(Tasks.QUIET_SIDEKIQ, attempt));
        }, Optional.of(AT_ONCE));
    }

    /** Another worker goes on where one was killed: what is quiet stays so. */
    private StepResult again(StepResult failure) {
        if (jobs().stop(TASKS)) {
            return new StepResult.Working("waiting for the worker that quiets Sidekiq to end");
        }
        return new StepResult.Working("about to start quiet-sidekiq again: " + failure.message(), status -> {
            status.quieting.attempts++;
            status.quieting.tries++;
            status.quieting.jobs = new ArrayList<>(List.of(context.intent(Tasks.QUIET_SIDEKIQ, status.quieting.attempts)));
        }, Optional.of(AT_ONCE));
    }

    boolean tookTooLong() {
        return context.status().sidekiqIsQuiet() && context.now().isAfter(Instant.parse(context.status().quieting.startedAt).plus(LONGEST));
    }

    /** Whether it stands in status that its dynos are to be restarted. */
    boolean isToBeUndone() {
        return context.status().sidekiqIsQuiet() && context.status().quieting.failure != null;
    }

    /** The result; what keeps the clock from starting is written down first, for {@link #undo} to act on. */
    StepResult orToBeUndone(StepResult result) {
        if (!context.status().sidekiqIsQuiet() || result instanceof StepResult.Working || result instanceof StepResult.Done) {
            return result;
        }
        var pause = switch (result) {
            case StepResult.Refused refused -> Optional.<Duration>empty();
            case StepResult.Waiting waiting -> Optional.of(Duration.ZERO);
            default -> Optional.of(PAUSE);
        };
        return new StepResult.Working("about to restart Sidekiq's dynos, because the clock does not start: " + result.message(), status -> {
            status.quieting.failure = result.message();
            status.quieting.generation = context.migration().getMetadata().getGeneration();
            status.quieting.againAt = pause.map(context.now()::plus).map(Instant::toString).orElse(null);
        }, Optional.of(AT_ONCE));
    }

    /** Restarts Sidekiq's dynos, once nobody quiets them any more. */
    StepResult undo() {
        if (jobs().stop(TASKS)) {
            return new StepResult.Working("waiting for the worker that quiets Sidekiq to end");
        }
        var dynos = new SourceApps(context).restartSidekiq();
        return new StepResult.Working("Sidekiq on the source was quiet and the clock did not start; restarted "
                + (dynos.isEmpty() ? "no dyno, because none of the app's runs it: restart Sidekiq where it runs" : String.join(", ", dynos)),
                status -> status.quieting.endedAt = context.now().toString(), Optional.of(AT_ONCE));
    }

    private JobSet jobs() {
        return new JobSet(context, status -> status.quieting.jobs);
    }
}
