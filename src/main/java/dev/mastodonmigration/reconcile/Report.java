package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.itinerary.Decision.Persistence;
import dev.mastodonmigration.itinerary.ImmutableFields;
import dev.mastodonmigration.itinerary.Itinerary;
import dev.mastodonmigration.itinerary.Observation;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.Standing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Puts a decision into facts. */
final class Report {
    static final String ABORT_REFUSED = "abort-refused";
    private static final String LEFT = "left-behind";

    private Report() {}

    /** What the decision means, then how the migration stands. */
    static List<Fact> of(Decision decision, Observation seen) {
        var facts = new ArrayList<Fact>();
        switch (decision) {
            case Decision.Start start -> facts.add(new Fact.ItineraryStarted(start.itinerary().title(), start.plan(), start.at(), start.itinerary().endsAs(), start.reason()));
            case Decision.Begin begin -> facts.add(new Fact.PhaseBegun(begin.run(), begin.attempt(), begin.deadline()));
            case Decision.Continue going when going.result() instanceof StepResult.Blocked blocked -> facts.add(new Fact.PhaseBlocked(going.run(), blocked.message()));
            case Decision.Continue going when going.result() instanceof StepResult.Waiting waiting -> facts.add(new Fact.PhaseWaits(going.run(), waiting.message(), going.run().deadline().map(seen.now()::plus)));
            case Decision.Continue going -> facts.add(new Fact.PhaseGoesOn(going.run(), going.result().message()));
            case Decision.Advance advance -> {
                if (advance.run().is(PhaseId.Preflight)) {
                    facts.add(new Fact.SpecAccepted(ImmutableFields.of(seen.spec())));
                }
                advance.result().left().ifPresent(left -> facts.add(new Fact.Found(LEFT + "-" + advance.run(), Severity.Action, left)));
                facts.add(new Fact.PhaseSucceeded(advance.run(), advance.result().message(), advance.plan(), advance.next(), advance.endsAs()));
            }
            case Decision.Retry retry -> facts.add(new Fact.AttemptFailed(retry.run(), retry.reason(), retry.message(), retry.at(), standing(retry.persistence())));
            case Decision.BackToGate back -> facts.add(new Fact.ReturnedToGate(back.from(), back.message(), back.again(), back.plan()));
            case Decision.Stall stall -> facts.add(new Fact.Halted(stall.reason(), stall.message()));
            case Decision.Suspend suspend -> {}
            case Decision.Rest rest -> {}
            case Decision.Step step -> throw new IllegalStateException("a step is taken, not reported: " + step);
        }
        refusedAbort(seen).ifPresent(facts::add);
        stands(decision, seen).ifPresent(facts::add);
        return facts;
    }

    private static Optional<Fact> stands(Decision decision, Observation seen) {
        return Optional.ofNullable(switch (decision) {
            case Decision.Start start when start.plan().isEmpty() -> ended(start.itinerary().endsAs(), start.reason(), Optional.empty());
            case Decision.Start start -> goesOn(start.plan().getFirst(), start.reason().isEmpty() ? "The migration begins." : start.reason());
            case Decision.Begin begin -> goesOn(begin.run(), begin.run().caption());
            case Decision.Continue going -> continues(going);
            case Decision.Advance advance when advance.next().isEmpty() -> ended(advance.endsAs(), Optional.ofNullable(seen.status().reason).orElse(""), left(advance, seen));
            case Decision.Advance advance -> goesOn(advance.run(), advance.result().message());
            case Decision.Retry retry -> new Fact.Stands(standing(retry.persistence()), retry.reason(), retry.run() + ": " + retry.message());
            case Decision.BackToGate back -> new Fact.Stands(Standing.GOES_ON, "ReturnedToGate", back.from() + ": " + back.message());
            case Decision.Stall stall -> new Fact.Stands(Standing.STALLED, stall.reason(), stall.message());
            case Decision.Suspend suspend -> new Fact.Stands(Standing.SUSPENDED, "Suspended", suspend.message());
            case Decision.Rest rest -> null;
            case Decision.Step step -> throw new IllegalStateException("a step is taken, not reported: " + step);
        });
    }

    private static Fact continues(Decision.Continue going) {
        var name = going.run().name();
        return switch (going.result()) {
            case StepResult.Waiting waiting when waiting.gate() == StepResult.Gate.APPROVAL -> new Fact.Stands(Standing.AWAITS_APPROVAL, "AwaitingApproval", waiting.message());
            case StepResult.Waiting waiting -> new Fact.Stands(Standing.AWAITS_TIME, name, waiting.message());
            case StepResult.Blocked blocked -> new Fact.Stands(Standing.RETRIES, "Waiting", name + ": " + blocked.message());
            default -> new Fact.Stands(Standing.GOES_ON, name, name + ": " + going.result().message());
        };
    }

    private static Fact goesOn(PhaseRun run, String message) {
        return new Fact.Stands(Standing.GOES_ON, run.name(), run.name() + ": " + message);
    }

    private static Fact ended(String endsAs, String reason, Optional<String> left) {
        return new Fact.Stands(Standing.ENDED, endsAs, MastodonMigrationStatus.COMPLETED.equals(endsAs) ? "The instance has moved."
                : (reason + " The source is as it was before" + left.map(words -> ". " + words + (words.endsWith(".") ? "" : ".")).orElse(", and nothing of ours is left.") + " To migrate, delete this MastodonMigration and create another.").strip());
    }

    /** By its last phase, or by one before it. */
    private static Optional<String> left(Decision.Advance last, Observation seen) {
        var left = Stream.concat(seen.status().findings.stream().filter(finding -> finding.id.startsWith(LEFT)).map(finding -> finding.message), last.result().left().stream()).distinct()
                .collect(Collectors.joining(" "));
        return Optional.of(left).filter(words -> !words.isEmpty());
    }

    private static Standing standing(Persistence persistence) {
        return persistence == Persistence.LASTS ? Standing.STALLED : Standing.RETRIES;
    }

    /** What the admin asks for and does not get is said, wherever it is asked. */
    private static Optional<Fact> refusedAbort(Observation seen) {
        var asked = SpecDefaults.state(seen.spec()) == DesiredState.Aborted && seen.targetTakesWrites() && Itinerary.FORWARD.title().equals(seen.status().itinerary);
        var known = seen.status().findings.stream().anyMatch(finding -> finding.id.equals(ABORT_REFUSED));
        if (asked) {
            return Optional.of(new Fact.Found(ABORT_REFUSED, Severity.Action, "spec.state is Aborted, but the target takes writes that the source lacks, so that going back would lose them. Set spec.state to Running."));
        }
        return known ? Optional.of(new Fact.Settled(ABORT_REFUSED)) : Optional.empty();
    }
}
