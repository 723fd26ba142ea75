package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.status.Fact;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Starts the clock when nothing is left to wait for but the source itself, saves what restoring needs, and tells all of the source to stop. */
@Singleton
public class StopSourcePhase implements Phase {
    private static final Duration WHILE_DOWN = Duration.ofMillis(100);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);
    private static final Duration BETWEEN_LATER_LOOKS = Duration.ofSeconds(10);
    /** A process that was crashing or idle before the freeze never comes up: it is enough then that it exists. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Override
    public PhaseId id() {
        return PhaseId.StopSource;
    }

    @Override
    public StepResult step(PhaseContext context) {
        return context.status().source == null ? beforeTheClock(context) : stop(context);
    }

    private static StepResult beforeTheClock(PhaseContext context) {
        var withdrawn = Gate.withdrawn(context);
        if (withdrawn.isPresent()) {
            return withdrawn.get();
        }
        var edited = new TargetCheck(context).edited();
        if (edited.isPresent()) {
            return new StepResult.Withdrawn("The clock was not started, because " + edited.get() + ". The source runs on.");
        }
        var notReady = new TargetCheck(context).notReady();
        if (notReady.isPresent()) {
            return new StepResult.Retryable("The clock was not started, because " + notReady.get() + ". The source runs on.");
        }
        return Stream.<Supplier<StepResult>>of(() -> new Standby(context).ready(), () -> context.replication().followsTheDatabase(), () -> context.replication().keepingUp(), () -> context.replication().followsEveryRedis())
                .map(Supplier::get).filter(result -> !(result instanceof StepResult.Done)).findFirst().orElseGet(() -> startTheClock(context));
    }

    private static StepResult startTheClock(PhaseContext context) {
        context.source().keepCredentials();
        var saved = context.source().read();
        context.tell(new Fact.SourceSaved(saved));
        context.tell(new Fact.ClockStarted());
        return new StepResult.Working("the clock starts; saved " + saved.words(), PhaseContext.AT_ONCE);
    }

    private static StepResult stop(PhaseContext context) {
        var held = context.edge().map(edge -> edge.hold());
        if (held.isPresent() && held.get() instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), WHILE_DOWN);
        }
        context.source().stop();
        context.tell(new Fact.SourceStopped());
        return new StepResult.Done("The source was told to stop: " + context.source().name() + ".");
    }

    @Override
    public StepResult undo(PhaseContext context) {
        var saved = context.saved();
        return saved.isEmpty() ? new StepResult.Done("The source was not stopped.") : start(context, saved.get());
    }

    private static StepResult start(PhaseContext context, SavedSource saved) {
        context.source().start(saved);
        var patient = context.now().isBefore(Instant.parse(context.record().startedAt).plus(PATIENCE));
        var missing = patient ? context.source().notUp(saved) : context.source().notThere(saved);
        if (!missing.isEmpty()) {
            return new StepResult.Working("waiting for the source to start: " + String.join(", ", missing), patient ? BETWEEN_LOOKS : BETWEEN_LATER_LOOKS);
        }
        var letGo = context.edge().map(edge -> edge.letGo(Edge.Side.SOURCE));
        if (letGo.isPresent() && letGo.get() instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), BETWEEN_LOOKS);
        }
        var notUp = patient ? Optional.<String>empty() : Optional.of(String.join(", ", context.source().notUp(saved))).filter(names -> !names.isEmpty());
        notUp.ifPresent(names -> context.tell(new Fact.Found("source-not-up", Severity.Action, "Not up yet, look at the source: " + names + ".")));
        context.tell(new Fact.SourceRestored());
        return new StepResult.Done("The source runs as before.");
    }
}
