package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Decides what happens next, from one observation and nothing else. Every rule about failing, waiting and giving up stands here. */
public final class PhaseEngine {
    /** Attempts at a phase while the instance is down, before the source is restored. */
    static final int ATTEMPTS_WHILE_FROZEN = 3;
    /** Attempts to tidy the target up before a deleted migration goes without. The source runs again by then. */
    private static final int ATTEMPTS_BEFORE_LEAVING = 3;
    private static final Set<PhaseId> EMPTYING = EnumSet.of(PhaseId.RemoveCompute, PhaseId.ReleaseProvisioned);
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration SOON_WHILE_DOWN = Duration.ofMillis(100);
    private static final Duration AT_MOST = Duration.ofSeconds(30);

    public Decision decide(Observation seen) {
        if (!seen.started()) {
            return start(Itineraries.FORWARD, seen, "");
        }
        if (seen.ended()) {
            return new Decision.Rest(AT_MOST);
        }
        var phase = PhaseId.of(seen.status().phase).filter(known -> seen.status().plan.contains(known.name()));
        if (phase.isEmpty()) {
            return new Decision.Stall("UnknownPhase", "status.phase \"" + seen.status().phase + "\" is not in status.plan, or not known to this version of the operator. "
                    + "Nothing was changed. Run the version that started this migration.");
        }
        return seen.result().map(result -> conclude(phase.get(), result, seen)).orElseGet(() -> proceed(phase.get(), seen));
    }

    private Decision proceed(PhaseId phase, Observation seen) {
        if (seen.forward() && !seen.targetOpened()) {
            if (seen.deleting()) {
                return start(Itineraries.ABORT, seen, "The MastodonMigration is being deleted.");
            }
            if (SpecDefaults.state(seen.spec()) == DesiredState.Aborted) {
                return start(Itineraries.ABORT, seen, "spec.state is Aborted.");
            }
            if (downTooLong(seen)) {
                return start(Itineraries.ABORT, seen, "The instance was down for longer than strategy.maxDowntime, in phase " + phase + ".");
            }
        }
        if (seen.forward() && seen.targetOpened() && !seen.down() && SpecDefaults.state(seen.spec()) == DesiredState.Aborted) {
            return new Decision.Stall("AbortRefused", "spec.state is Aborted, but the target was opened and may hold writes that the source lacks. "
                    + "Going back then is RolledBack, which is not supported yet. Set spec.state to Running.");
        }
        var changed = ImmutableFields.changed(seen.spec(), seen.status().accepted);
        if (changed.isPresent() && mayPause(seen)) {
            return new Decision.Stall("ImmutableFieldChanged", changed.get() + " Nothing goes on until then.");
        }
        var violations = phase == PhaseId.Preflight ? List.<String>of() : SpecRules.violations(seen.spec());
        if (!violations.isEmpty() && mayPause(seen)) {
            return new Decision.Stall("InvalidSpec", String.join(" ", violations) + " Nothing goes on until then.");
        }
        if (SpecDefaults.state(seen.spec()) == DesiredState.Suspended && mayPause(seen)) {
            return new Decision.Suspend("Suspended before anything new begins in phase " + phase + ". Set spec.state to Running to go on.");
        }
        return seen.record(phase.name()).map(record -> resume(phase, record, seen)).orElseGet(() -> begin(phase, 1, seen));
    }

    private Decision resume(PhaseId phase, PhaseRecord record, Observation seen) {
        if (record.retryAt != null) {
            var at = Instant.parse(record.retryAt);
            var due = !seen.now().isBefore(at) || seen.edited();
            return due ? begin(phase, record.attempts + 1, seen) : new Decision.Rest(atMost(Duration.between(seen.now(), at)));
        }
        if (record.deadline != null && seen.now().isAfter(Instant.parse(record.deadline))) {
            return failed(phase, "DeadlineExceeded", "Phase " + phase + " did not end by its deadline " + record.deadline + ".", false, seen);
        }
        return new Decision.Step(phase);
    }

    private Decision conclude(PhaseId phase, StepResult result, Observation seen) {
        return switch (result) {
            case StepResult.Done done -> new Decision.Advance(phase, done, planAfter(phase, seen));
            case StepResult.Working working -> new Decision.Continue(phase, working, working.lookAgain().orElse(seen.down() ? SOON_WHILE_DOWN : SOON));
            case StepResult.Waiting waiting -> new Decision.Continue(phase, waiting, waiting.lookAgain());
            case StepResult.Retryable retryable -> failed(phase, "AttemptFailed", retryable.message(), false, seen);
            case StepResult.Lost lost -> failed(phase, "JobLost", lost.message(), false, seen);
            case StepResult.Refused refused -> failed(phase, "Refused", refused.message(), true, seen);
        };
    }

    private Decision failed(PhaseId phase, String reason, String message, boolean forGood, Observation seen) {
        var attempts = seen.record(phase.name()).map(record -> record.attempts).orElse(1);
        if (seen.frozen() && (forGood || attempts >= ATTEMPTS_WHILE_FROZEN)) {
            return start(Itineraries.ABORT, seen, "Phase " + phase + " failed inside the freeze: " + message);
        }
        if (seen.deleting() && EMPTYING.contains(phase) && attempts >= ATTEMPTS_BEFORE_LEAVING) {
            return new Decision.Advance(phase, new StepResult.Done("left as it is, because the MastodonMigration is being deleted and " + message), planAfter(phase, seen));
        }
        var stalled = forGood || (seen.targetOpened() && attempts >= ATTEMPTS_WHILE_FROZEN);
        var told = stalled && seen.targetOpened() && seen.forward()
                ? message + " The target was opened, so it may hold writes that the source lacks: Heroku was not restarted. Mend the cause; the phase is tried again by itself."
                : message;
        return new Decision.Retry(phase, reason, told, seen.now().plus(backOff(attempts, seen)), stalled);
    }

    /** Going forward, and nothing of the source is stopped; a quiet Sidekiq is for the phase to start again first. */
    private static boolean mayPause(Observation seen) {
        return seen.forward() && !seen.frozen() && !seen.down() && !seen.status().sidekiqIsQuiet();
    }

    private static Decision begin(PhaseId phase, int attempt, Observation seen) {
        return new Decision.Begin(phase, attempt, phase.deadline().map(seen.now()::plus));
    }

    private static Decision start(Itineraries itinerary, Observation seen, String reason) {
        return new Decision.Start(itinerary, itinerary.plan(seen), reason);
    }

    /** Until Preflight has passed the admin may still mend the spec; from then on the plan is frozen. */
    private static List<PhaseId> planAfter(PhaseId phase, Observation seen) {
        return phase == PhaseId.Preflight ? Itineraries.FORWARD.plan(seen) : seen.status().plan.stream().map(PhaseId::valueOf).toList();
    }

    private static boolean downTooLong(Observation seen) {
        return seen.frozen() && seen.downSince().filter(since -> seen.now().isAfter(since.plus(SpecDefaults.maxDowntime(seen.spec())))).isPresent();
    }

    private static Duration backOff(int attempts, Observation seen) {
        var longest = seen.down() ? Duration.ofSeconds(2) : Duration.ofMinutes(1);
        var wait = Duration.ofSeconds(1L << Math.min(attempts - 1, 9));
        return wait.compareTo(longest) < 0 ? wait : longest;
    }

    private static Duration atMost(Duration wait) {
        return wait.compareTo(AT_MOST) < 0 ? wait : AT_MOST;
    }
}
