package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.Decision.Persistence;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Decides what happens next, from one observation and nothing else. Every rule about failing, waiting and giving up stands here. */
public final class PhaseEngine {
    /** After the gate and before the clock: what cannot go on returns to the gate. */
    private static final Set<PhaseId> BEFORE_THE_CLOCK = EnumSet.of(PhaseId.StandBy, PhaseId.QuietSidekiq, PhaseId.StopSource);
    /** Attempts at standing by, before the gate is shown to the admin again. */
    static final int ATTEMPTS_BEFORE_THE_GATE = 3;
    /** Until the freeze is tried again by itself. */
    static final Duration PAUSE_AT_THE_GATE = Duration.ofMinutes(5);
    /** Attempts after the target took writes, or to delete what was created on AWS, before the admin is asked to look. */
    static final int ATTEMPTS_BEFORE_STALLED = 3;
    /** Attempts to tidy the target up before a deleted migration goes without. The source runs again by then. */
    static final int ATTEMPTS_BEFORE_LEAVING = 3;
    /** Undoing these touches the target alone. */
    private static final Set<PhaseId> ON_THE_TARGET = EnumSet.of(PhaseId.SmokeTest, PhaseId.DeployCompute, PhaseId.Provision);
    private static final PhaseRun DATABASES = PhaseRun.undo(PhaseId.Provision);
    private static final PhaseRun DNS = PhaseRun.undo(PhaseId.ShiftTraffic);
    private static final PhaseRun MACHINES = PhaseRun.undo(PhaseId.DeployCompute);
    private static final String OR_LEAVE_IT = "The operator tries again. To have it left to you instead, set spec.aws.deletionPolicy to Retain.";
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration SOON_WHILE_DOWN = Duration.ofMillis(100);
    private static final Duration AT_MOST = Duration.ofSeconds(30);
    private static final Duration AT_MOST_WHILE_DOWN = Duration.ofSeconds(2);

    public Decision decide(Observation seen) {
        if (!seen.started()) {
            // Nothing begins with a spec that is wrong.
            return seen.deleting() ? new Decision.Rest(AT_MOST) : seen.violations().isEmpty() ? start(Itinerary.FORWARD, seen, "")
                    : new Decision.Stall("InvalidSpec", String.join(" ", seen.violations()) + " Nothing begins until then.");
        }
        if (seen.ended()) {
            return new Decision.Rest(AT_MOST);
        }
        var run = PhaseRun.parse(seen.status().phase).filter(known -> seen.status().plan.contains(known.name()));
        if (run.isEmpty() || Itinerary.of(seen.status().itinerary).isEmpty()) {
            return new Decision.Stall("UnknownPhase", "status.phase \"" + seen.status().phase + "\" is not in status.plan, or not known to this version of the operator. "
                    + "Nothing was changed. Run the version that started this migration.");
        }
        return seen.result().map(result -> conclude(run.get(), result, seen)).orElseGet(() -> proceed(run.get(), seen));
    }

    private Decision proceed(PhaseRun run, Observation seen) {
        var reasonToAbort = seen.forward() && !seen.targetTakesWrites() ? reasonToAbort(run, seen) : Optional.<String>empty();
        if (reasonToAbort.isPresent()) {
            return start(Itinerary.ABORT, seen, reasonToAbort.get());
        }
        if (mayPause(run, seen)) {
            if (SpecDefaults.state(seen.spec()) == DesiredState.Aborted) {
                return new Decision.Stall("AbortRefused", "spec.state is Aborted, but the target takes writes that the source lacks, so that going back would lose them. Set spec.state to Running.");
            }
            var changed = ImmutableFields.changed(seen.spec(), seen.status().internal.accepted);
            if (changed.isPresent()) {
                return new Decision.Stall("ImmutableFieldChanged", changed.get() + " Nothing goes on until then.");
            }
            if (!seen.violations().isEmpty()) {
                return new Decision.Stall("InvalidSpec", String.join(" ", seen.violations()) + " Nothing goes on until then.");
            }
            if (SpecDefaults.state(seen.spec()) == DesiredState.Suspended) {
                return new Decision.Suspend("The migration is suspended in phase " + run + ". Set spec.state to Running to go on.");
            }
        }
        var disowned = disowned(run, seen);
        if (disowned.isPresent()) {
            return new Decision.Stall("ImmutableFieldChanged", disowned.get() + " Nothing of it is touched until then.");
        }
        return seen.record(run).map(record -> resume(run, record, seen)).orElseGet(() -> begin(run, 1, seen));
    }

    private static Optional<String> reasonToAbort(PhaseRun run, Observation seen) {
        if (seen.deleting()) {
            return Optional.of("The MastodonMigration is being deleted.");
        }
        if (SpecDefaults.state(seen.spec()) == DesiredState.Aborted) {
            return Optional.of("spec.state is Aborted.");
        }
        var changed = seen.frozen() ? ImmutableFields.changed(seen.spec(), seen.status().internal.accepted) : Optional.<String>empty();
        if (changed.isPresent()) {
            return Optional.of("The spec was changed while the instance was down. " + changed.get());
        }
        var downTooLong = seen.frozen() && seen.downSince().filter(since -> seen.now().isAfter(since.plus(SpecDefaults.maxDowntime(seen.spec())))).isPresent();
        return downTooLong ? Optional.of("The instance was down for longer than strategy.maxDowntime, in phase " + run + "."
                + seen.record(run).map(record -> " The last that was heard: " + record.message).orElse("")) : Optional.empty();
    }

    private Decision resume(PhaseRun run, PhaseRecord record, Observation seen) {
        if (record.retryAt != null) {
            var at = Instant.parse(record.retryAt);
            var due = !seen.now().isBefore(at) || seen.edited();
            return due ? begin(run, record.attempts + 1, seen) : new Decision.Rest(shorter(Duration.between(seen.now(), at), AT_MOST));
        }
        if (record.deadline != null && seen.now().isAfter(Instant.parse(record.deadline))) {
            return failed(run, "DeadlineExceeded", "It did not end within " + run.deadline().map(Duration::toMinutes).orElse(0L) + " min. The last that was heard: " + record.message
                    + (deletesFromAws(run, seen) ? ". " + OR_LEAVE_IT : ""), Persistence.MAY_PASS, seen);
        }
        return new Decision.Step(run);
    }

    private Decision conclude(PhaseRun run, StepResult result, Observation seen) {
        return switch (result) {
            case StepResult.Done done -> advance(run, done, seen);
            case StepResult.Working working -> new Decision.Continue(run, working, working.lookAgain().orElse(seen.down() ? SOON_WHILE_DOWN : SOON));
            case StepResult.Waiting waiting -> new Decision.Continue(run, waiting, waiting.lookAgain());
            case StepResult.Blocked blocked -> isBeforeTheClock(run, seen) && seen.status().sidekiqIsQuiet() && blockedTooLong(run, seen)
                    ? failed(run, "AttemptFailed", blocked.message(), Persistence.MAY_PASS, seen) : new Decision.Continue(run, blocked, patience(run, seen));
            case StepResult.Retryable retryable -> failed(run, "AttemptFailed", retryable.message(), Persistence.MAY_PASS, seen);
            case StepResult.Lost lost -> failed(run, "JobLost", lost.message(), Persistence.MAY_PASS, seen);
            case StepResult.Refused refused -> failed(run, "Refused", refused.message(), Persistence.LASTS, seen);
            case StepResult.Withdrawn withdrawn -> backToGate(run, withdrawn.message(), Optional.of(seen.now()), seen);
            case StepResult.TooLate late -> new Decision.Start(Itinerary.FORWARD, Itinerary.FORWARD.plan(seen), Optional.of(PhaseRun.of(PhaseId.GoLive)), late.message());
        };
    }

    private static Decision advance(PhaseRun run, StepResult.Done done, Observation seen) {
        var before = planAfter(run, seen);
        var following = before.indexOf(run) + 1;
        var next = following < before.size() ? Optional.of(before.get(following)) : Optional.<PhaseRun>empty();
        // What was undone on the way back to the gate is no part of the way forward.
        var plan = seen.forward() && run.isUndo() ? before.stream().filter(other -> !other.equals(run)).toList() : before;
        return new Decision.Advance(run, done, plan, next, Itinerary.of(seen.status().itinerary).orElseThrow().endsAs());
    }

    private Decision failed(PhaseRun run, String reason, String message, Persistence persistence, Observation seen) {
        var attempts = seen.record(run).map(record -> record.attempts).orElse(1);
        if (isBeforeTheClock(run, seen) && (persistence == Persistence.LASTS || !run.is(PhaseId.StandBy) || attempts >= ATTEMPTS_BEFORE_THE_GATE)) {
            return backToGate(run, message, persistence == Persistence.LASTS ? Optional.empty() : Optional.of(seen.now().plus(PAUSE_AT_THE_GATE)), seen);
        }
        if (seen.frozen() && persistence == Persistence.LASTS) {
            return start(Itinerary.ABORT, seen, "Phase " + run + " failed inside the freeze: " + message);
        }
        var isAsked = attempts >= ATTEMPTS_BEFORE_STALLED && (seen.targetTakesWrites() || deletesFromAws(run, seen));
        if (seen.deleting() && run.isUndo() && ON_THE_TARGET.contains(run.phase()) && attempts >= ATTEMPTS_BEFORE_LEAVING && !deletesFromAws(run, seen)) {
            var left = "It is left as it is, because the MastodonMigration is being deleted and " + message;
            return advance(run, new StepResult.Done(left, Optional.of(run + ": " + left)), seen);
        }
        var lasts = persistence == Persistence.LASTS || isAsked;
        var told = lasts && seen.targetTakesWrites() && seen.forward()
                ? message + " The target takes writes that the source lacks, so the source was not restarted. Fix the cause; the phase is tried again by itself." : message;
        return new Decision.Retry(run, reason, told, seen.now().plus(backOff(attempts, seen)), lasts ? Persistence.LASTS : Persistence.MAY_PASS);
    }

    /** What costs money and would be forgotten with the resource is not given up after some attempts: the admin says so. */
    private static boolean deletesFromAws(PhaseRun run, Observation seen) {
        return run.equals(DATABASES) && SpecDefaults.deletesDatabases(seen.spec()) || run.equals(MACHINES) && SpecDefaults.deletesMachines(seen.spec());
    }

    private static Optional<String> disowned(PhaseRun run, Observation seen) {
        var accepted = seen.status().internal.accepted;
        return run.equals(DATABASES) ? ImmutableFields.disownedDatabases(seen.spec(), accepted) : run.equals(MACHINES) ? ImmutableFields.disownedMachines(seen.spec(), accepted)
                : run.equals(DNS) ? ImmutableFields.disownedDns(seen.spec(), accepted) : Optional.empty();
    }

    private static Decision backToGate(PhaseRun run, String message, Optional<Instant> again, Observation seen) {
        return new Decision.BackToGate(run, Itinerary.backToGate(runs(seen), seen), message, again);
    }

    private static boolean isBeforeTheClock(PhaseRun run, Observation seen) {
        return seen.forward() && !run.isUndo() && BEFORE_THE_CLOCK.contains(run.phase()) && !seen.down();
    }

    /** Going forward, and not between the gate and the target at work: what is begun there is ended, or undone. */
    private static boolean mayPause(PhaseRun run, Observation seen) {
        var inTheCutover = run.isUndo() || run.phase().compareTo(PhaseId.StandBy) >= 0 && run.phase().compareTo(PhaseId.GoLive) <= 0;
        return seen.forward() && !inTheCutover;
    }

    private static Decision begin(PhaseRun run, int attempt, Observation seen) {
        return new Decision.Begin(run, attempt, run.deadline().map(seen.now()::plus));
    }

    private static Decision start(Itinerary itinerary, Observation seen, String reason) {
        var plan = itinerary.plan(seen);
        return new Decision.Start(itinerary, plan, plan.stream().findFirst(), reason);
    }

    /** Until Preflight has passed the admin may still correct the spec; from then on the plan is frozen. */
    private static List<PhaseRun> planAfter(PhaseRun run, Observation seen) {
        return run.is(PhaseId.Preflight) ? Itinerary.FORWARD.plan(seen) : runs(seen);
    }

    private static List<PhaseRun> runs(Observation seen) {
        return seen.status().plan.stream().map(name -> PhaseRun.parse(name).orElseThrow(() -> new IllegalStateException("status.plan names an unknown phase " + name))).toList();
    }

    /** The longer a system outside has not answered, the more rarely it is asked. */
    private static Duration patience(PhaseRun run, Observation seen) {
        var blocked = blockedFor(run, seen);
        return shorter(blocked.dividedBy(4).plus(Duration.ofMillis(500)), seen.down() ? AT_MOST_WHILE_DOWN : AT_MOST);
    }

    private static boolean blockedTooLong(PhaseRun run, Observation seen) {
        return blockedFor(run, seen).compareTo(Duration.ofSeconds(30)) > 0;
    }

    private static Duration blockedFor(PhaseRun run, Observation seen) {
        return seen.record(run).map(record -> record.blockedSince).map(since -> Duration.between(Instant.parse(since), seen.now())).orElse(Duration.ZERO);
    }

    private static Duration backOff(int attempts, Observation seen) {
        return shorter(Duration.ofSeconds(1L << Math.min(attempts - 1, 9)), seen.down() ? AT_MOST_WHILE_DOWN : Duration.ofMinutes(1));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
