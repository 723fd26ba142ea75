package dev.mastodonmigration.status;

import dev.mastodonmigration.api.BackupPlace;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseRun;
import dev.mastodonmigration.cost.Cost;
import dev.mastodonmigration.edge.DnsSight;
import dev.mastodonmigration.edge.EdgeFigures;
import dev.mastodonmigration.source.ProxyTrust;
import dev.mastodonmigration.source.Retirement;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.worker.control.Progress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Something that happened, was found out, or is intended: {@link StatusLedger} puts it into status, {@link Story} tells it. */
public sealed interface Fact {
    // What the engine decided.

    /**
     * A list of phases begins.
     *
     * @param at     the phase of it that stands first; empty where nothing is to be done
     * @param endsAs what the migration is when {@code at} is empty
     * @param reason why, for one that goes back; empty for the first
     */
    record ItineraryStarted(String itinerary, List<PhaseRun> plan, Optional<PhaseRun> at, String endsAs, String reason) implements Fact {}

    record PhaseBegun(PhaseRun run, int attempt, Optional<Instant> deadline) implements Fact {}

    record PhaseGoesOn(PhaseRun run, String message) implements Fact {}

    /** It waits for the admin or for the clock. @param deadline which its attempt has from now on */
    record PhaseWaits(PhaseRun run, String message, Optional<Instant> deadline) implements Fact {}

    /** A system outside does not answer; the same attempt goes on when it does. */
    record PhaseBlocked(PhaseRun run, String message) implements Fact {}

    /** @param endsAs what the migration is when {@code next} is empty */
    record PhaseSucceeded(PhaseRun run, String message, List<PhaseRun> plan, Optional<PhaseRun> next, String endsAs) implements Fact {}

    /** The attempt failed; another begins at that time. */
    record AttemptFailed(PhaseRun run, String reason, String message, Instant again, Standing standing) implements Fact {}

    /** What was done since the gate is undone, and the gate stands again; empty {@code again} is not before an edit. */
    record ReturnedToGate(PhaseRun from, String reason, Optional<Instant> again, List<PhaseRun> plan) implements Fact {}

    /** Nothing runs until the admin acts: there is no attempt to make. */
    record Halted(String reason, String message) implements Fact {}

    /** Told in each report: what conditions and the summary say. */
    record Stands(Standing standing, String reason, String message) implements Fact {}

    /** Fields of the status that the API server did not keep. */
    record StatusPruned(List<String> fields) implements Fact {}

    record SpecAccepted(Map<String, String> immutable) implements Fact {}

    record WorkerImagePinned(String image) implements Fact {}

    // Jobs.

    /** In the phase that runs now. */
    record JobsIntended(PhaseRun run, List<JobIntent> jobs) implements Fact {}

    record JobSeen(String name, String uid) implements Fact {}

    record Progressed(String task, Progress.Reading reading) implements Fact {}

    record CopyEnded(String task) implements Fact {}

    // Replication.

    record ReplicatorStarted(JobIntent job) implements Fact {}

    /** @param standing STALLED where only the admin can help, RETRIES where it is started again by itself */
    record ReplicatorFailed(String task, String message, Standing standing) implements Fact {}

    record InSync() implements Fact {}

    /** Some of it lags, or does not run. */
    record OutOfSync() implements Fact {}

    record ReplicationEnded() implements Fact {}

    record CredentialsRead() implements Fact {}

    /** Where the source's Postgres is: it was not known, or was elsewhere before. */
    record SourceDatabaseSeen(String address) implements Fact {}

    // The freeze.

    record StandbyStarted(List<JobIntent> jobs) implements Fact {}

    record StandbyHeard() implements Fact {}

    record StandbyEnded() implements Fact {}

    record SidekiqQuieting(JobIntent job) implements Fact {}

    record SidekiqRestarted(List<String> dynos) implements Fact {}

    record SourceSaved(SavedSource source) implements Fact {}

    /** The instance is down from here on. */
    record ClockStarted() implements Fact {}

    record SourceStopped() implements Fact {}

    record SourceClosed() implements Fact {}

    /** @param proof how it is known that no process of it is left */
    record SourceGone(String proof) implements Fact {}

    /** Something of it runs again although it was stopped. */
    record SourceAwake(List<String> what) implements Fact {}

    record SourceAsleep() implements Fact {}

    /** Something of it runs although it had been stopped, and is not told as {@link SourceAwake}. */
    record SourceSeen() implements Fact {}

    /** Everything of ours was taken off the source's database. */
    record SourceReleased() implements Fact {}

    /** The source serves as before: the clock stops. */
    record SourceRestored() implements Fact {}

    /** The target is about to be opened, in an epoch of its own. */
    record TargetOpening() implements Fact {}

    /** The opening is about to be taken back: who was to open the target may not any more. */
    record OpeningWithdrawn() implements Fact {}

    /** The target takes writes, and there is no way back but with them: the clock stops, where users are served by what waits for that. */
    record TargetWritable(Serving serving) implements Fact {}

    /** When users are served by a target that takes writes. */
    enum Serving { AT_ONCE, WHEN_THE_SOURCE_RUNS }

    /** The source's processes run again, with the target's databases: the clock stops. */
    record SourceServes() implements Fact {}

    record SidekiqStarted() implements Fact {}

    /** These of the target's Sidekiq processes have more pods for a while. */
    record BurstBegun(List<String> names) implements Fact {}

    /** How long jobs wait was asked. @param isLevel none has for long */
    record QueuesSeen(boolean isLevel) implements Fact {}

    /** They have their usual number again. */
    record BurstEnded(String why) implements Fact {}

    // The end of the old host.

    /**
     * The source's Postgres is there, and was read back.
     *
     * @param addOn   that it was made of, by id; empty where the database was no add-on
     * @param message where, and how to restore it
     */
    record BackupMade(BackupPlace place, Optional<String> addOn, long tables, long rows, long bytes, String message) implements Fact {}

    /** It is still there, and whole. */
    record BackupChecked() implements Fact {}

    /** What will be deleted of the old host, in order, what would keep it from that, and what goes with it. What is being deleted or was stays as it is. */
    record RemovalsPlanned(List<Retirement.Asset> assets, List<String> obstacles, List<String> consequences) implements Fact {}

    /** The platform is about to be asked to delete it. */
    record RemovalBegun(Retirement.Asset asset) implements Fact {}

    /** It is not to be deleted any more, and the platform has not begun to. */
    record RemovalWithdrawn(Retirement.Asset asset) implements Fact {}

    record Removed(Retirement.Asset asset) implements Fact {}

    /** The old host's log was asked who still comes there; empty where nobody is in it, or it will never be told. */
    record StragglersAsked(Optional<Source.Arrivals> arrivals) implements Fact {}

    /** It gave no answer, and may later. */
    record StragglersUnread() implements Fact {}

    // The target.

    /** What is about to be created on AWS will be in this account. */
    record AccountSeen(String account) implements Fact {}

    /** What we copied was taken off the target's databases, as far as they were ever ready. */
    record TargetReset() implements Fact {}

    /** Images and configuration were brought up to date with the spec as it is. */
    record Deployed() implements Fact {}

    record SmokeTestPassed(String revision) implements Fact {}

    // What was measured and found.

    /** Users who were led to the edge fare as without it, or nobody can say. */
    record ServedWell() implements Fact {}

    record ServedWorse() implements Fact {}

    /**
     * Users are about to be led back, so that only that share comes through the edge.
     *
     * @param again when more are tried again; empty where an edit of the spec is waited for
     */
    record LedBack(int percent, String why, Optional<Instant> again) implements Fact {}

    /** TRUSTED_PROXY_IP of these apps is about to be set. @param fault what is wrong already when the source is asked past the edge; empty where nothing is */
    record TrustIntended(List<ProxyTrust> apps, Optional<String> fault) implements Fact {}

    /** The source's apps run so that they tell users apart who come through the edge. */
    record TrustSeen() implements Fact {}

    /** No web process of one of them is up since it was set. */
    record TrustDown() implements Fact {}

    /** They are not down, or not any more, though what is waited for is not there yet. */
    record TrustNotDown() implements Fact {}

    /** They do not start with it: it is about to be taken back, and not set again before the spec is edited. */
    record TrustGivenUp(String why) implements Fact {}

    /** That has been done. */
    record TrustOfNone() implements Fact {}

    /** Nothing of that is ours any more. */
    record TrustTakenBack() implements Fact {}

    /** More are about to be led to the edge again. */
    record LedOn() implements Fact {}

    /** Requests for that name come to the edge, and its DNS is not known to lead to the source. */
    record NameComes(String domain) implements Fact {}

    /** What that name's zone says, which does not lead to the edge yet, or not any more. */
    record NameSeen(String domain, DnsSight.Records records) implements Fact {}

    /** That name leads to the edge. @param unseen how long whatever was there before is remembered, where nobody saw it */
    record NameMoved(String domain, DnsSight.Records records, Duration unseen) implements Fact {}

    /** That name's zone cannot be asked. */
    record NameUnknown(String domain) implements Fact {}

    /** By what stands in front of the instance. */
    record EdgeMeasured(EdgeFigures figures) implements Fact {}

    /** Nothing stands in front of the instance, or it does not any more. */
    record EdgeGone() implements Fact {}

    record Forecasted(Duration copy, Duration downtime) implements Fact {}

    /** @param tables, rows, rowDifferences of Postgres, keys and keyDifferences of Redis */
    record Verified(long tables, long rows, long rowDifferences, long keys, long keyDifferences) implements Fact {}

    /** What the move costs was looked up. */
    record Priced(Cost cost) implements Fact {}

    /** The instance on the target was asked what users ask, and did not answer all of it. */
    record Probed() implements Fact {}

    /** What users will come by to the edge, at that address, was asked what it lets through. */
    record EntranceAsked(String address) implements Fact {}
    /** The source's databases were asked which programs other than Mastodon's are connected to them. */
    record ProgramsAsked() implements Fact {}

    record Found(String id, Severity severity, String message) implements Fact {}

    record Settled(String id) implements Fact {}
}
