package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import java.time.Instant;
import java.util.List;

/** Puts facts into status. Nothing else changes one. */
public final class StatusLedger {
    private final MastodonMigrationStatus status;
    private final Instant now;
    private final long generation;

    /**
     * @param now        the clock when the look had ended
     * @param generation metadata.generation of the spec that was looked at
     */
    public StatusLedger(MastodonMigrationStatus status, Instant now, long generation) {
        this.status = status;
        this.now = now;
        this.generation = generation;
    }

    public void apply(List<Fact> facts) {
        facts.forEach(this::apply);
    }

    public void apply(Fact fact) {
        var phases = new PhaseEntries(status, now, generation);
        var jobs = new JobEntries(status, now, generation);
        var cutover = new CutoverEntries(status, now);
        var findings = new FindingEntries(status, now);
        var shift = new ShiftEntries(status, now, generation);
        var trust = new TrustEntries(status, now, generation);
        var byHand = new ByHandEntries(status, now);
        var retirement = new RetirementEntries(status, now);
        switch (fact) {
            case Fact.ItineraryStarted started -> phases.started(started);
            case Fact.PhaseBegun begun -> phases.begun(begun);
            case Fact.PhaseGoesOn goesOn -> phases.goesOn(goesOn);
            case Fact.PhaseWaits waits -> phases.waits(waits);
            case Fact.PhaseBlocked blocked -> phases.blocked(blocked);
            case Fact.PhaseSucceeded succeeded -> phases.succeeded(succeeded);
            case Fact.AttemptFailed failed -> phases.failed(failed);
            case Fact.ReturnedToGate returned -> phases.returned(returned);
            case Fact.Halted halted -> {}
            case Fact.SpecAccepted accepted -> phases.accepted(accepted);
            case Fact.WorkerImagePinned pinned -> status.internal.workerImage = pinned.image();
            case Fact.Stands stands -> {
                status.observedGeneration = generation;
                cutover.tick();
                phases.step();
                if (stands.standing() == Standing.AWAITS_APPROVAL) {
                    phases.awaitsApproval(stands.message());
                }
                status.conditions = Conditions.of(status, stands, now, generation);
                status.summary = Summary.of(status, stands);
            }
            case Fact.StatusPruned pruned -> {
                var stands = new Fact.Stands(Standing.STALLED, "OldCustomResourceDefinition", Story.pruned(pruned));
                status.conditions = Conditions.of(status, stands, now, generation);
                status.summary = Summary.of(status, stands);
            }
            case Fact.JobsIntended intended -> jobs.intended(intended);
            case Fact.JobSeen seen -> jobs.seen(seen);
            case Fact.ReplicatorStarted started -> jobs.replicatorStarted(started);
            case Fact.ReplicatorFailed failed -> jobs.replicatorFailed(failed);
            case Fact.InSync inSync -> jobs.inSync();
            case Fact.OutOfSync outOfSync -> status.internal.inSyncSince = null;
            case Fact.ReplicationEnded ended -> jobs.replicationEnded();
            case Fact.CredentialsRead read -> status.internal.credentialsReadAt = now.toString();
            case Fact.SourceDatabaseSeen seen -> jobs.sourceDatabase(seen);
            case Fact.StandbyStarted started -> jobs.standbyStarted(started);
            case Fact.StandbyHeard heard -> status.internal.standby.heardAt = now.toString();
            case Fact.StandbyEnded ended -> jobs.standbyEnded();
            case Fact.SidekiqQuieting quieting -> jobs.quieting(quieting);
            case Fact.SidekiqRestarted restarted -> cutover.sidekiqNoLongerQuiet();
            case Fact.Progressed progressed -> ProgressEntries.record(status, progressed.task(), progressed.reading());
            case Fact.CopyEnded ended -> ProgressEntries.complete(status, ended.task());
            case Fact.SourceSaved saved -> cutover.saved(saved);
            case Fact.ClockStarted started -> cutover.clockStarted();
            case Fact.SourceStopped stopped -> status.source.stoppedAt = now.toString();
            case Fact.SourceClosed closed -> status.source.closedAt = now.toString();
            case Fact.SourceGone gone -> cutover.sourceGone();
            case Fact.SourceAwake awake -> cutover.sourceAwake(awake);
            case Fact.SourceSeen seen -> cutover.sourceSeen();
            case Fact.SourceAsleep asleep -> status.source.awake = List.of();
            case Fact.SourceReleased released -> status.internal.sourceReleasedAt = now.toString();
            case Fact.SourceRestored restored -> cutover.sourceRestored();
            case Fact.TargetOpening opening -> cutover.targetOpening();
            case Fact.OpeningWithdrawn withdrawn -> status.internal.epoch++;
            case Fact.TargetWritable writable -> cutover.targetWritable(writable.serving());
            case Fact.SourceServes serves -> cutover.stopTheClock();
            case Fact.BackupMade made -> retirement.backupMade(made);
            case Fact.BackupChecked checked -> retirement.backupChecked();
            case Fact.RemovalsPlanned planned -> retirement.planned(planned, generation);
            case Fact.RemovalBegun begun -> retirement.begun(begun);
            case Fact.RemovalWithdrawn withdrawn -> retirement.withdrawn(withdrawn);
            case Fact.Removed removed -> retirement.removed(removed);
            case Fact.StragglersAsked asked -> retirement.stragglersAsked(asked);
            case Fact.StragglersUnread unread -> retirement.stragglersUnread();
            case Fact.AccountSeen seen -> status.internal.awsAccount = seen.account();
            case Fact.TargetReset reset -> status.internal.targetResetAt = now.toString();
            case Fact.SidekiqStarted started -> status.downtime.sidekiqStartedAt = now.toString();
            case Fact.Deployed deployed -> cutover.deployed(generation);
            case Fact.SmokeTestPassed passed -> cutover.smokeTestPassed(passed);
            case Fact.Forecasted forecasted -> cutover.forecasted(forecasted);
            case Fact.Verified verified -> cutover.verified(verified);
            case Fact.ServedWell well -> shift.servedWell();
            case Fact.ServedWorse worse -> shift.servedWorse();
            case Fact.LedBack back -> {
                shift.ledBack(back);
                byHand.ledBack();
            }
            case Fact.LedOn on -> shift.ledOn();
            case Fact.TrustIntended intended -> trust.intended(intended);
            case Fact.TrustSeen seen -> trust.seen();
            case Fact.TrustDown down -> trust.down();
            case Fact.TrustNotDown up -> trust.notDown();
            case Fact.TrustGivenUp given -> trust.givenUp(given.why());
            case Fact.TrustOfNone none -> status.internal.trust.apps.clear();
            case Fact.TrustTakenBack back -> status.internal.trust = null;
            case Fact.NameComes comes -> byHand.comes(comes);
            case Fact.NameSeen seen -> byHand.seen(seen);
            case Fact.NameMoved moved -> byHand.moved(moved);
            case Fact.NameUnknown unknown -> byHand.unknown(unknown);
            case Fact.EdgeMeasured measured -> status.edge = EdgeEntry.of(measured.figures(), now);
            case Fact.EdgeGone gone -> status.edge = null;
            case Fact.Priced priced -> status.cost = CostEntry.of(priced.cost(), now);
            case Fact.BurstBegun begun -> {
                status.internal.burst = new MastodonMigrationStatus.Burst();
                status.internal.burst.startedAt = now.toString();
            }
            case Fact.QueuesSeen seen -> {
                status.internal.burst.lookedAt = now.toString();
                status.internal.burst.level = seen.isLevel() ? status.internal.burst.level + 1 : 0;
            }
            case Fact.BurstEnded ended -> status.internal.burst.endedAt = now.toString();
            case Fact.Probed probed -> status.internal.probedAt = now.toString();
            case Fact.EntranceAsked asked -> shift.entranceAsked(asked);
            case Fact.ProgramsAsked asked -> status.internal.programsAskedAt = now.toString();
            case Fact.Found found -> findings.found(found);
            case Fact.Settled settled -> findings.settled(settled);
        }
    }
}
