package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One reading of a migration, its status, the clock and, after a step, what that step came to. Nobody changes what it holds.
 *
 * @param spec       what the admin wants now
 * @param violations what is wrong with the spec beyond the schema, a sentence each
 * @param generation metadata.generation
 * @param deleting   the resource is being deleted
 * @param status     how far it was when read
 * @param now        the clock
 * @param result     what the step just taken came to; empty before it
 */
public record Observation(MastodonMigrationSpec spec, List<String> violations, long generation, boolean deleting, MastodonMigrationStatus status, Instant now, Optional<StepResult> result) {
    public Observation after(StepResult stepped) {
        return new Observation(spec, violations, generation, deleting, status, now, Optional.of(stepped));
    }

    public Observation at(Instant later) {
        return new Observation(spec, violations, generation, deleting, status, later, result);
    }

    /** The record of a phase that was begun. */
    public Optional<PhaseRecord> record(PhaseRun run) {
        return status.phases.stream().filter(record -> record.name.equals(run.name())).findFirst();
    }

    public boolean began(PhaseId phase) {
        return record(PhaseRun.of(phase)).isPresent();
    }

    public boolean started() {
        return status.itinerary != null;
    }

    public boolean ended() {
        return Stream.of(Itinerary.values()).anyMatch(itinerary -> itinerary.endsAs().equals(status.phase));
    }

    public boolean forward() {
        return Itinerary.FORWARD.title().equals(status.itinerary);
    }

    /** The point of no return is behind: the target may have writes that the source lacks. */
    public boolean targetTakesWrites() {
        return status.downtime != null && status.downtime.targetWritableAt != null;
    }

    /** Users are locked out: from the source being told to stop to the instance taking writes on either side. */
    public boolean down() {
        return downSince().isPresent() && status.downtime.finishedAt == null;
    }

    /** The target takes writes, and what belongs to going live is not done yet. */
    public boolean isGoingLive() {
        return forward() && (PhaseId.GoLive.name().equals(status.phase) || PhaseId.Housekeeping.name().equals(status.phase));
    }

    /** Going forward with the instance down, and nothing taking writes yet. */
    public boolean frozen() {
        return forward() && down() && !targetTakesWrites();
    }

    public Optional<Instant> downSince() {
        return Optional.ofNullable(status.downtime).map(downtime -> downtime.startedAt).map(Instant::parse);
    }

    /** The spec was edited since the status was last written. */
    public boolean edited() {
        return status.observedGeneration == null || status.observedGeneration != generation;
    }
}
