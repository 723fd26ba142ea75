package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.MastodonMigrationStatus.Returned;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What status says of the plan and its phases. */
final class PhaseEntries {
    private final MastodonMigrationStatus status;
    private final Instant now;
    private final long generation;

    PhaseEntries(MastodonMigrationStatus status, Instant now, long generation) {
        this.status = status;
        this.now = now;
        this.generation = generation;
    }

    void started(Fact.ItineraryStarted started) {
        status.phases.stream().filter(record -> record.name.equals(status.phase) && record.finishedAt == null).forEach(record -> {
            record.state = PhaseState.Failed;
            record.finishedAt = now.toString();
            record.message = started.reason();
        });
        status.reason = started.reason().isEmpty() ? null : started.reason();
        status.itinerary = started.itinerary();
        status.plan = names(started.plan());
        status.phase = started.at().map(PhaseRun::name).orElse(started.endsAs());
        // It may have been begun before: it begins anew.
        status.phases.removeIf(record -> record.name.equals(status.phase));
        status.progress = null;
        status.internal.returned = null;
        if (status.internal.epoch == null) {
            status.internal.epoch = 1L;
        }
    }

    void begun(Fact.PhaseBegun begun) {
        if (begun.attempt() == 1) {
            status.phases.removeIf(record -> record.name.equals(begun.run().name()));
            var fresh = new PhaseRecord();
            fresh.name = begun.run().name();
            fresh.startedAt = now.toString();
            status.phases.add(fresh);
        }
        var record = record(begun.run());
        record.state = PhaseState.Running;
        record.attempts = begun.attempt();
        record.deadline = begun.deadline().map(Instant::toString).orElse(null);
        record.retryAt = null;
        record.blockedSince = null;
        record.finishedAt = null;
        record.jobs = new ArrayList<>();
        record.message = begun.run().caption();
        status.progress = null;
    }

    void goesOn(Fact.PhaseGoesOn goesOn) {
        var record = record(goesOn.run());
        record.state = PhaseState.Running;
        record.blockedSince = null;
        record.message = goesOn.message();
    }

    /** How long an attempt may take says nothing of how long the admin may. */
    void waits(Fact.PhaseWaits waits) {
        goesOn(new Fact.PhaseGoesOn(waits.run(), waits.message()));
        record(waits.run()).deadline = waits.deadline().map(Instant::toString).orElse(null);
    }

    void blocked(Fact.PhaseBlocked blocked) {
        var record = record(blocked.run());
        record.state = PhaseState.Retrying;
        record.blockedSince = record.blockedSince == null ? now.toString() : record.blockedSince;
        record.told = blocked.message();
        record.message = blocked.message();
    }

    void succeeded(Fact.PhaseSucceeded succeeded) {
        var record = record(succeeded.run());
        record.state = PhaseState.Succeeded;
        record.finishedAt = now.toString();
        record.deadline = null;
        record.blockedSince = null;
        record.message = succeeded.message();
        if (!succeeded.run().isUndo()) {
            status.lastCompletedPhase = succeeded.run().name();
        } else if (!status.plan.equals(names(succeeded.plan()))) {
            // Undone on the way back to the gate: it will be done again, as if for the first time.
            status.phases.removeIf(other -> other.name.equals(succeeded.run().phase().name()) || other.name.equals(succeeded.run().name()));
        }
        status.progress = null;
        status.plan = names(succeeded.plan());
        status.phase = succeeded.next().map(PhaseRun::name).orElse(succeeded.endsAs());
        if (succeeded.next().isEmpty()) {
            // Its last phase took it away.
            status.edge = null;
        }
    }

    void failed(Fact.AttemptFailed failed) {
        var record = record(failed.run());
        record.state = failed.standing() == Standing.STALLED ? PhaseState.Stalled : PhaseState.Retrying;
        record.retryAt = failed.again().toString();
        record.told = failed.message();
        record.message = failed.message();
    }

    void returned(Fact.ReturnedToGate returned) {
        status.internal.returned = new Returned();
        status.internal.returned.at = now.toString();
        status.internal.returned.reason = returned.reason();
        status.internal.returned.againAt = returned.again().map(Instant::toString).orElse(null);
        status.internal.returned.generation = generation;
        var record = record(returned.from());
        record.state = PhaseState.Failed;
        record.finishedAt = now.toString();
        record.message = returned.reason();
        status.phases.removeIf(other -> other.name.equals(PhaseId.AwaitCutover.name()));
        status.phases.removeIf(other -> PhaseRun.parse(other.name).filter(run -> run.phase().ordinal() > PhaseId.AwaitCutover.ordinal() && run.phase().undoCaption().isEmpty()).isPresent());
        status.plan = names(returned.plan());
        status.phase = returned.plan().stream().filter(run -> run.isUndo() || run.is(PhaseId.AwaitCutover)).findFirst().orElseThrow().name();
        status.progress = null;
    }

    void awaitsApproval(String message) {
        status.phases.stream().filter(record -> record.name.equals(status.phase)).forEach(record -> record.told = message);
    }

    void accepted(Fact.SpecAccepted accepted) {
        status.internal.accepted = accepted.immutable();
    }

    /** Where the running phase stands in the plan. */
    void step() {
        var at = status.plan.indexOf(status.phase);
        status.step = status.plan.isEmpty() ? null : at < 0 ? status.plan.size() + "/" + status.plan.size() : (at + 1) + "/" + status.plan.size();
    }

    private PhaseRecord record(PhaseRun run) {
        return status.phases.stream().filter(record -> record.name.equals(run.name())).findFirst()
                .orElseThrow(() -> new IllegalStateException("phase " + run + " was not begun"));
    }

    private static List<String> names(List<PhaseRun> plan) {
        return new ArrayList<>(plan.stream().map(PhaseRun::name).toList());
    }
}
