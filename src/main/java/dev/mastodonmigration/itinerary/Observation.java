package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import java.time.Instant;
import java.util.Optional;

/**
 * One reading of a migration, its status, the clock and, after a step, what that step came to. Nobody changes what it holds.
 *
 * @param spec       what the admin wants now
 * @param generation metadata.generation
 * @param deleting   the resource is being deleted
 * @param status     how far it was when read
 * @param now        the clock
 * @param result     what the step just taken came to; empty before it
 */
public record Observation(MastodonMigrationSpec spec, long generation, boolean deleting, MastodonMigrationStatus status, Instant now, Optional<StepResult> result) {
    public Observation after(StepResult stepped) {
        return new Observation(spec, generation, deleting, status, now, Optional.of(stepped));
    }

    /** The record of a phase in this itinerary; empty before it began. */
    public Optional<PhaseRecord> record(String phase) {
        return status.phases.stream().filter(record -> record.name.equals(phase)).findFirst();
    }

    public boolean started() {
        return !status.plan.isEmpty();
    }

    public boolean ended() {
        return MastodonMigrationStatus.COMPLETED.equals(status.phase) || MastodonMigrationStatus.ABORTED.equals(status.phase);
    }

    public boolean forward() {
        return Itineraries.FORWARD.name().equalsIgnoreCase(status.itinerary);
    }

    /** The target may have writes that the source lacks. */
    public boolean targetOpened() {
        return status.downtime != null && status.downtime.targetOpenedAt != null;
    }

    /** The source is being stopped or is stopped, and the target is not open: the instance is down. */
    public boolean frozen() {
        return forward() && status.source != null && !targetOpened();
    }

    /** Users are locked out: from maintenance mode on to the instance serving again on either side. */
    public boolean down() {
        return downSince().isPresent() && status.downtime.endedAt == null;
    }

    public Optional<Instant> downSince() {
        return Optional.ofNullable(status.downtime).map(downtime -> downtime.startedAt).map(Instant::parse);
    }

    /** The spec was edited since the status was last written. */
    public boolean edited() {
        return status.observedGeneration == null || status.observedGeneration != generation;
    }
}
