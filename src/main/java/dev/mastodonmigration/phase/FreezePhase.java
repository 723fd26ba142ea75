package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus.Downtime;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.ImmutableFields;
import dev.mastodonmigration.itinerary.SpecRules;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.worker.control.Tasks;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Stops the source, and proves that it is stopped: it is marked as ours, the workers of the freeze stand by, Sidekiq is idle, what it was is saved, then maintenance mode
 * (HTTP only), formation 0, no dyno left, and the write gate on its database, because a Scheduler dyno can start after any look.
 */
@Singleton
public class FreezePhase implements Phase {
    private static final Duration AT_ONCE = Duration.ofMillis(10);
    /** Heroku counts requests, 4500 and 75 more a minute: dynos take seconds to stop, and up to 30. */
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(150);
    private static final Duration BETWEEN_LATER_LOOKS = Duration.ofSeconds(1);
    private static final Duration LONGEST_STOP = Duration.ofSeconds(30);

    @Override
    public PhaseId id() {
        return PhaseId.Freeze;
    }

    @Override
    public StepResult step(PhaseContext context) {
        if (context.status().source == null) {
            return context.status().sidekiqIsQuiet() ? whileQuiet(context, new Quieting(context)) : context.work(List.of(Tasks.MARK_SOURCE), marked -> begin(context));
        }
        if (context.status().source.closingAt == null) {
            return stop(context);
        }
        return new Standby(context).run(Tasks.CLOSE_SOURCE, Instant.parse(context.status().source.closingAt), reports -> {
            var report = reports.get(Tasks.CLOSE_SOURCE);
            var seconds = Duration.between(Instant.parse(context.status().downtime.startedAt), context.now()).toMillis() / 1000.0;
            return new StepResult.Done(String.format(Locale.ROOT, "%s That was %.1f s after the clock started.", report.message(), seconds), report.notes(), StepResult.NO_FACTS);
        });
    }

    /** Nothing but the clock may leave Sidekiq quiet. */
    private static StepResult whileQuiet(PhaseContext context, Quieting quieting) {
        if (quieting.isToBeUndone()) {
            return quieting.undo();
        }
        if (quieting.tookTooLong()) {
            return quieting.orToBeUndone(new StepResult.Retryable("The freeze was not begun. What was still missing when Sidekiq had been quiet for long: " + context.record().message));
        }
        try {
            return quieting.orToBeUndone(begin(context));
        } catch (MissingInputException missing) {
            // Mended without an edit, so to be tried again.
            return quieting.orToBeUndone(new StepResult.Retryable(missing.getMessage()));
        }
    }

    /** The clock starts when nothing is left to wait for but the source itself: the workers stand by, the target still keeps up, and Sidekiq is idle. */
    private static StepResult begin(PhaseContext context) {
        var withdrawn = withdrawn(context);
        if (withdrawn.isPresent()) {
            return withdrawn.get();
        }
        var replication = new Replication(context);
        Supplier<StepResult> quiet = () -> inOrder(new Quieting(context).idle(), () -> startTheClock(context));
        return inOrder(new Standby(context).ready(), () -> replication.wanted() ? inOrder(replication.keepingUp(), () -> inOrder(replication.followsEveryRedis(), quiet)) : quiet.get());
    }

    /** What the admin has changed since the gate, or the window that has closed. */
    private static Optional<StepResult> withdrawn(PhaseContext context) {
        var spec = context.spec();
        var edited = ImmutableFields.changed(spec, context.status().accepted).or(() -> SpecRules.violations(spec).stream().findFirst());
        if (edited.isPresent()) {
            return Optional.of(StepResult.Waiting.forApproval("The spec was changed before the clock started: the source runs on. " + edited.get()));
        }
        if (SpecDefaults.state(spec) != DesiredState.Running) {
            return Optional.of(StepResult.Waiting.forApproval("spec.state is " + SpecDefaults.state(spec) + " and the clock has not started: the source runs on. Set it to Running to go on."));
        }
        if (!SpecDefaults.cutoverApproved(spec) || SpecDefaults.notBefore(spec).filter(context.now()::isBefore).isPresent()) {
            return Optional.of(StepResult.Waiting.forApproval("The approval was taken back before the clock started: the source runs on. Set spec.cutover.approved to true to go on."));
        }
        return SpecDefaults.notAfter(spec).filter(context.now()::isAfter).map(closed -> new StepResult.Refused(AwaitCutoverPhase.closed(closed)));
    }

    private static StepResult inOrder(StepResult first, Supplier<StepResult> then) {
        return first instanceof StepResult.Done ? then.get() : first;
    }

    /** What restoring needs is written once: a second reading would find the frozen values. */
    private static StepResult startTheClock(PhaseContext context) {
        context.inputs().keepHerokuToken(context.migration());
        var source = new SourceApps(context).read();
        return new StepResult.Working("the clock starts; saved the formation and maintenance mode of " + String.join(", ", SpecDefaults.apps(context.spec())), status -> {
            status.source = source;
            // What was tried before the clock does not count against the freeze.
            context.restartAttempt(status);
            status.downtime = new Downtime();
            status.downtime.startedAt = context.now().toString();
        }, Optional.of(AT_ONCE));
    }

    private static StepResult stop(PhaseContext context) {
        var late = context.now().isAfter(Instant.parse(context.status().downtime.startedAt).plus(LONGEST_STOP));
        var apps = new SourceApps(context);
        if (context.status().source.stoppedAt == null || late) {
            apps.stop();
        }
        var alive = apps.dynos();
        Consumer<MastodonMigrationStatus> stopped = status -> status.source.stoppedAt = Optional.ofNullable(status.source.stoppedAt).orElse(context.now().toString());
        if (alive.isEmpty()) {
            return new StepResult.Working("the source's dynos are gone, its database is being closed", stopped.andThen(status -> {
                status.source.closingAt = context.now().toString();
                // A freeze that an operator before this one began knows nothing of it.
                Optional.ofNullable(status.quieting).ifPresent(quieting -> quieting.endedAt = context.now().toString());
            }), Optional.of(AT_ONCE));
        }
        return new StepResult.Working("waiting for dynos to stop: " + String.join(", ", alive)
                + (alive.stream().anyMatch(SourceApps::isOneOff) ? ". One-off dynos end only by themselves or by heroku ps:stop." : ""), stopped, Optional.of(late ? BETWEEN_LATER_LOOKS : BETWEEN_LOOKS));
    }
}
