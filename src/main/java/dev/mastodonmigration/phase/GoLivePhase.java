package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.Readiness;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;

/** Opens the target. That it will be opened is written down before it is; the point of no return is the target taking writes. */
@Singleton
public class GoLivePhase implements Phase {
    private static final Duration WHILE_DOWN = Duration.ofMillis(100);
    private static final Duration WHILE_NOT_READY = Duration.ofMillis(500);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    @Override
    public PhaseId id() {
        return PhaseId.GoLive;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var downtime = context.status().downtime;
        return downtime.targetWritableAt != null ? serve(context) : downtime.targetOpenedAt != null ? open(context) : decideToOpen(context);
    }

    /** What could not go back is asked last. */
    private static StepResult decideToOpen(PhaseContext context) {
        var proved = context.status().verification;
        if (proved == null || proved.postgres.differences + proved.redis.differences != 0) {
            return new StepResult.Refused("The target was not opened, because it is not proved equal to the source.");
        }
        // Side by side, because users wait: both only look.
        var asked = CompletableFuture.supplyAsync(() -> stillRunning(context), task -> Thread.ofVirtual().start(task));
        var cannotServe = new TargetCheck(context).cannotServe();
        var running = join(asked);
        if (cannotServe.isPresent()) {
            return new StepResult.Working("The target is not opened yet, because it could not serve: " + cannotServe.get() + ". At the end of strategy.maxDowntime the source is restored.", WHILE_NOT_READY);
        }
        if (running.isPresent()) {
            return running.get();
        }
        context.tell(new Fact.TargetOpening());
        return new StepResult.Working("the target is being opened", PhaseContext.AT_ONCE);
    }

    private static <T> T join(CompletableFuture<T> asked) {
        try {
            return asked.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException told ? told : e;
        }
    }

    private static Optional<StepResult> stillRunning(PhaseContext context) {
        try {
            var alive = context.source().alive();
            var awake = context.source().awake();
            var supervised = alive.stream().filter(process -> process.kind() == Source.Process.Kind.SUPERVISED).map(Source.Process::name).toList();
            if (!supervised.isEmpty() || !awake.isEmpty()) {
                return Optional.of(new StepResult.Refused("The target was not opened, because the source is no longer stopped: " + String.join(", ", supervised.isEmpty() ? awake : supervised)
                        + ". Two sides must never run at once. Find out who started it during the freeze, and migrate again."));
            }
            return alive.isEmpty() ? Optional.empty() : Optional.of(new StepResult.Working("waiting for processes to end that cannot write to the database, because the gate refuses them: "
                    + alive.stream().map(Source.Process::name).collect(Collectors.joining(", ")), BETWEEN_LOOKS));
        } catch (OutsideException e) {
            if (!e.mayPass()) {
                throw e;
            }
            return Optional.of(new StepResult.Blocked("Everything is copied and proved equal, and the target is ready, but whether the source is still stopped cannot be asked: " + e.getMessage()
                    + " There are two ways out. Wait: the target opens by itself as soon as the source's platform answers. Or set spec.state to Aborted: the source's database is opened again, and its"
                    + " processes start as soon as the platform answers."));
        }
    }

    private static StepResult open(PhaseContext context) {
        return new Standby(context).run(Tasks.OPEN_TARGET, Instant.parse(context.status().downtime.targetOpenedAt), opened -> {
            opened.get(Tasks.OPEN_TARGET).notes().forEach(note -> context.tell(Notes.of(Tasks.OPEN_TARGET, note)));
            context.tell(new Fact.TargetWritable());
            return new StepResult.Working("the target takes writes", PhaseContext.AT_ONCE);
        });
    }

    private static StepResult serve(PhaseContext context) {
        var before = context.compute().map(Compute::ready);
        // Somebody deleted a Deployment, a machine, or what DNS is to lead to; what was deployed and tested is not changed here otherwise.
        if (before.isPresent() && !before.get().missing().isEmpty() && context.compute().orElseThrow().ensure(context.environment()) instanceof Provisioned.Working working) {
            return new StepResult.Working("the target takes writes; " + working.message(), BETWEEN_LOOKS);
        }
        var letGo = context.edge().map(edge -> edge.letGo(Edge.Side.TARGET));
        if (letGo.isPresent() && letGo.get() instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), WHILE_DOWN);
        }
        return context.compute().map(compute -> start(context, compute, before.orElseThrow())).orElseGet(() -> repoint(context));
    }

    private static StepResult start(PhaseContext context, Compute compute, Readiness before) {
        if (!before.started()) {
            compute.startSidekiq();
        }
        var readiness = compute.ready();
        if (!readiness.complete()) {
            return new StepResult.Working("the target takes writes; waiting for " + readiness.waitingFor(), BETWEEN_LOOKS);
        }
        context.tell(new Fact.SidekiqStarted());
        byHand(context, compute).forEach(todo -> context.tell(new Fact.Found("dns-" + Integer.toHexString(todo.hashCode()), Severity.Action, todo)));
        return new StepResult.Done("Web, streaming and Sidekiq run on the target.");
    }

    /** What stays where it is uses the new databases from now on. */
    private static StepResult repoint(PhaseContext context) {
        var postgres = context.outside().postgres().map(database -> database.url());
        var redis = context.outside().redis().map(database -> database.url());
        if (context.source().repoint(new Source.Databases(postgres, redis)) instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), BETWEEN_LOOKS);
        }
        var saved = context.saved().orElseThrow();
        context.source().start(saved);
        var late = context.source().notUp(saved);
        return late.isEmpty() ? new StepResult.Done("The source's processes run with the new databases.") : new StepResult.Working("waiting for " + String.join(", ", late), BETWEEN_LOOKS);
    }

    private static List<String> byHand(PhaseContext context, Compute compute) {
        return context.edge().map(edge -> edge.byHand(Edge.Side.TARGET)).orElseGet(() -> {
            var web = SpecDefaults.webDomain(context.spec());
            var streaming = Optional.ofNullable(context.spec().instance().streamingDomain()).orElse(web + "/api/v1/streaming");
            return List.of("Point DNS of " + web + " at " + compute.entrances().web() + ", and " + streaming + " at " + compute.entrances().streaming()
                    + ". Until DNS has changed, users see the old host's maintenance page.");
        });
    }

    /** Going back is possible for as long as the target has not opened: nobody may open it from here on, and then its marker is read. */
    @Override
    public StepResult undo(PhaseContext context) {
        if (context.status().downtime == null || context.status().downtime.targetOpenedAt == null) {
            return new StepResult.Done("The target was never to be opened.");
        }
        if (!context.intended(Tasks.WITHDRAW_OPENING)) {
            context.tell(new Fact.OpeningWithdrawn());
        }
        return new GoingBack(context).withdrawOpening(report -> {
            if (report.figures().getOrDefault(Figure.OPENED, 1L) == 0) {
                report.notes().forEach(note -> context.tell(Notes.of(Tasks.WITHDRAW_OPENING, note)));
                return new StepResult.Done("The target was not opened, and nobody can open it any more.");
            }
            return openToTheEnd(context);
        });
    }

    /** One of its databases may be open and the other not yet. */
    private static StepResult openToTheEnd(PhaseContext context) {
        return new GoingBack(context).openTarget(() -> {
            context.tell(new Fact.TargetWritable());
            return new StepResult.TooLate("The target takes writes already, so the migration goes on: going back now would lose them.");
        });
    }
}
