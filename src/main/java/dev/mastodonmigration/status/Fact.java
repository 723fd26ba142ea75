package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseRun;
import dev.mastodonmigration.cost.Cost;
import dev.mastodonmigration.source.SavedSource;
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

    /** Everything of ours was taken off the source's database. */
    record SourceReleased() implements Fact {}

    /** The source serves as before: the clock stops. */
    record SourceRestored() implements Fact {}

    /** The target is about to be opened, in an epoch of its own. */
    record TargetOpening() implements Fact {}

    /** The opening is about to be taken back: who was to open the target may not any more. */
    record OpeningWithdrawn() implements Fact {}

    /** The target takes writes: the clock stops, and there is no way back but with them. */
    record TargetWritable() implements Fact {}

    record SidekiqStarted() implements Fact {}

    // The target.

    /** Images and configuration were brought up to date with the spec as it is. */
    record Deployed() implements Fact {}

    record SmokeTestPassed(String revision) implements Fact {}

    // What was measured and found.

    record Forecasted(Duration copy, Duration downtime) implements Fact {}

    /** @param tables, rows, rowDifferences of Postgres, keys and keyDifferences of Redis */
    record Verified(long tables, long rows, long rowDifferences, long keys, long keyDifferences) implements Fact {}

    /** What the move costs was looked up. */
    record Priced(Cost cost) implements Fact {}

    record Found(String id, Severity severity, String message) implements Fact {}

    record Settled(String id) implements Fact {}
}
