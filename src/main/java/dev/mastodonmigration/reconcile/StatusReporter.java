package dev.mastodonmigration.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.itinerary.ImmutableFields;
import dev.mastodonmigration.itinerary.Itineraries;
import dev.mastodonmigration.itinerary.Observation;
import dev.mastodonmigration.reconcile.MigrationEvents.Told;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** The one writer of status. Writes with the resourceVersion that was read, so that nothing is overwritten, and not at all when nothing changed. */
@Singleton
class StatusReporter {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final KubernetesClient client;
    private final MigrationEvents events;

    StatusReporter(KubernetesClient client, MigrationEvents events) {
        this.client = client;
        this.events = events;
    }

    /** Writes what the decision means, then tells it. */
    void report(Decision decision, Observation seen, MastodonMigration migration) {
        var status = migration.getStatus();
        JsonNode before = JSON.valueToTree(status);
        var stalledBefore = message(status, Conditions.STALLED);
        var gateBefore = message(status, Conditions.AWAITING_APPROVAL);
        var savedBefore = status.source != null;
        var quietBefore = status.sidekiqIsQuiet();
        var told = new ArrayList<>(apply(decision, seen, status));
        if (!quietBefore && status.sidekiqIsQuiet()) {
            told.add(Told.normal("QuietingSidekiq", "Sidekiq on the source is told to fetch no more jobs, and finishes those in hand. The instance runs on."));
        }
        if (quietBefore && !status.sidekiqIsQuiet() && (status.source == null || status.source.closingAt == null)) {
            told.add(Told.warning("SidekiqRestarted", record(status, PhaseId.valueOf(status.phase)).message + "."));
        }
        if (!savedBefore && status.source != null) {
            told.add(Told.normal("SourceSaved", "Heroku before the freeze: " + SourceWords.of(status.source)));
        }
        status.observedGeneration = seen.generation();
        status.conditions = Conditions.of(status, decision, seen);
        if (before.equals(JSON.<JsonNode>valueToTree(status))) {
            return;
        }
        if (decision instanceof Decision.Stall stall && !Objects.equals(stalledBefore, message(status, Conditions.STALLED))) {
            told.add(Told.warning(stall.reason(), stall.message()));
        }
        var gate = message(status, Conditions.AWAITING_APPROVAL);
        if (holds(status, Conditions.AWAITING_APPROVAL) && !Objects.equals(gateBefore, gate)) {
            told.add(Told.normal("AwaitingApproval", gate));
        }
        client.resource(migration).updateStatus();
        told.forEach(event -> events.send(migration, event));
    }

    /** Tells what a deleted migration leaves behind, while somebody still knows. */
    void farewell(MastodonMigration migration) {
        var status = migration.getStatus();
        var unfinished = status.downtime != null && status.downtime.targetOpenedAt != null && !MastodonMigrationStatus.COMPLETED.equals(status.phase);
        if (unfinished && status.source != null) {
            events.send(migration, Told.warning("Deleted", "The instance runs on the target. The write gate and the schema mastodon_migration stay on the Heroku database, and our marker on the target's, "
                    + "because the migration was deleted before Retire. Heroku had: " + SourceWords.of(status.source)));
        }
    }

    private static List<Told> apply(Decision decision, Observation seen, MastodonMigrationStatus status) {
        return switch (decision) {
            case Decision.Start start -> start(start, seen, status);
            case Decision.Begin begin -> begin(begin, seen, status);
            case Decision.Continue going -> {
                record(status, going.phase()).message = going.result().message();
                going.result().facts().accept(status);
                yield List.of();
            }
            case Decision.Advance advance -> advance(advance, seen, status);
            case Decision.Retry retry -> retry(retry, status);
            case Decision.Stall stall -> List.of();
            case Decision.Suspend suspend -> List.of();
            case Decision.Rest rest -> List.of();
            case Decision.Step step -> throw new IllegalStateException("a step is taken, not reported: " + step);
        };
    }

    private static List<Told> start(Decision.Start start, Observation seen, MastodonMigrationStatus status) {
        var told = new ArrayList<Told>();
        if (start.itinerary() == Itineraries.ABORT) {
            status.phases.stream().filter(record -> record.name.equals(status.phase)).forEach(record -> {
                record.state = PhaseState.Failed;
                record.finishedAt = seen.now().toString();
                record.message = start.reason();
            });
            told.add(Told.warning(status.source == null ? "Aborting" : "RestoringSource", start.reason() + (status.source == null ? status.sidekiqIsQuiet() ? " Sidekiq's dynos are restarted, because it was quiet." : " The source was not touched." : " The source is restored now.")));
        }
        status.reason = start.reason();
        status.itinerary = capitalized(start.itinerary());
        status.plan = start.plan().stream().map(Enum::name).toList();
        status.phase = start.plan().isEmpty() ? ended(start.itinerary()) : start.plan().getFirst().name();
        status.progress = null;
        if (status.epoch == null) {
            status.epoch = 1L;
        }
        return told;
    }

    private static List<Told> begin(Decision.Begin begin, Observation seen, MastodonMigrationStatus status) {
        if (begin.attempt() == 1) {
            var fresh = new PhaseRecord();
            fresh.name = begin.phase().name();
            fresh.startedAt = seen.now().toString();
            status.phases.add(fresh);
        }
        var record = record(status, begin.phase());
        record.state = PhaseState.Running;
        record.attempts = begin.attempt();
        record.deadline = begin.deadline().map(Object::toString).orElse(null);
        record.retryAt = null;
        record.jobs = new ArrayList<>();
        record.message = begin.phase().caption();
        status.progress = null;
        return begin.attempt() == 1 ? List.of(Told.normal("PhaseStarted", begin.phase() + ": " + begin.phase().caption())) : List.of();
    }

    private static List<Told> advance(Decision.Advance advance, Observation seen, MastodonMigrationStatus status) {
        var record = record(status, advance.phase());
        record.state = PhaseState.Succeeded;
        record.finishedAt = seen.now().toString();
        record.deadline = null;
        record.message = advance.result().message();
        advance.result().facts().accept(status);
        status.lastCompletedPhase = advance.phase().name();
        status.progress = null;
        if (advance.phase() == PhaseId.Preflight) {
            status.accepted = ImmutableFields.of(seen.spec());
        }
        status.plan = advance.plan().stream().map(Enum::name).toList();
        status.phase = advance.next().map(Enum::name).orElseGet(() -> ended(Itineraries.valueOf(status.itinerary.toUpperCase(Locale.ROOT))));
        var told = new ArrayList<Told>();
        advance.result().notes().forEach(note -> told.add(Told.warning(advance.phase() == PhaseId.GoLive ? "ActionNeeded" : "Finding", note)));
        told.add(Told.normal("PhaseSucceeded", advance.phase() + ": " + advance.result().message()));
        if (advance.next().isEmpty()) {
            told.add(Told.normal(status.phase, status.phase.equals(MastodonMigrationStatus.COMPLETED) ? "The migration is complete." : "The migration has ended; the source is as it was."));
        }
        return told;
    }

    private static List<Told> retry(Decision.Retry retry, MastodonMigrationStatus status) {
        var record = record(status, retry.phase());
        var known = retry.message().equals(record.message) && record.attempts > 1;
        record.state = retry.stalled() ? PhaseState.Stalled : PhaseState.Retrying;
        record.retryAt = retry.at().toString();
        record.message = retry.message();
        return known ? List.of() : List.of(Told.warning(retry.stalled() ? "Stalled" : retry.reason(), retry.phase() + ": " + retry.message()));
    }

    private static PhaseRecord record(MastodonMigrationStatus status, PhaseId phase) {
        return status.phases.stream().filter(record -> record.name.equals(phase.name())).findFirst()
                .orElseThrow(() -> new IllegalStateException("phase " + phase + " was not begun"));
    }

    private static String ended(Itineraries itinerary) {
        return itinerary == Itineraries.ABORT ? MastodonMigrationStatus.ABORTED : MastodonMigrationStatus.COMPLETED;
    }

    private static String capitalized(Itineraries itinerary) {
        return itinerary.name().charAt(0) + itinerary.name().substring(1).toLowerCase(Locale.ROOT);
    }

    private static String message(MastodonMigrationStatus status, String condition) {
        return status.conditions.stream().filter(each -> each.getType().equals(condition)).findFirst().map(each -> each.getMessage()).orElse("");
    }

    private static boolean holds(MastodonMigrationStatus status, String condition) {
        return status.conditions.stream().anyMatch(each -> each.getType().equals(condition) && "True".equals(each.getStatus()));
    }
}
