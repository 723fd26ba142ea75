package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.status.Fact;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Starts the clock when nothing is left to wait for but the source itself, saves what restoring needs, and tells all of the source to stop. */
@Singleton
public class StopSourcePhase implements Phase {
    private static final Duration WHILE_DOWN = Duration.ofMillis(100);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

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
        return Stream.<Supplier<StepResult>>of(() -> new Standby(context).ready(), () -> context.replication().followsTheDatabase(), () -> context.replication().keepingUp(), () -> context.replication().followsEveryRedis(), () -> notCopied(context))
                .map(Supplier::get).filter(result -> !(result instanceof StepResult.Done)).findFirst().orElseGet(() -> startTheClock(context));
    }

    /** One may have begun since the gate. */
    private static StepResult notCopied(PhaseContext context) {
        return new SourceBackups(context).running().<StepResult>map(backup -> new StepResult.Retryable("The clock was not started, because the source's Postgres is copied. The source runs on. " + backup))
                .orElseGet(() -> new StepResult.Done("Nothing copies the source's Postgres."));
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
        new SourceBackups(context).over();
        return new StepResult.Done("The source was told to stop: " + context.source().name() + ".");
    }

    @Override
    public StepResult undo(PhaseContext context) {
        var saved = context.saved();
        return saved.isEmpty() ? new StepResult.Done("The source was not stopped.") : start(context, saved.get());
    }

    /** What it is to use comes first, where GoLive may have changed that: a process that started without would serve nobody. */
    private static StepResult start(PhaseContext context, SavedSource saved) {
        if (context.began(PhaseId.GoLive) && context.source().pointBack(saved) instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), working.lookAgain().orElse(WHILE_DOWN));
        }
        var start = new SourceStart(context, saved, Instant.parse(context.record().startedAt));
        var waiting = start.waiting();
        if (waiting.isPresent()) {
            return waiting.get();
        }
        var letGo = context.edge().map(edge -> edge.letGo(Edge.Side.SOURCE));
        if (letGo.isPresent() && letGo.get() instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), BETWEEN_LOOKS);
        }
        start.tellNotUp();
        context.tell(new Fact.SourceRestored());
        return new StepResult.Done("The source runs as before.");
    }
}
