package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.SavedSource;
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

/**
 * Opens the target. That it will be opened is written down before it is; the point of no return is the target taking writes. Where only databases move, the source is led to them before that, while
 * it can still be taken back, and is started after it. Once all of it runs, it is asked what users ask, and whether Sidekiq does its jobs.
 */
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
        if (context.computeStays()) {
            // A process that somebody started meanwhile would be started anew with the target's Redis, which has no gate, and run its jobs.
            var started = stillRunning(context);
            if (started.isPresent()) {
                return started.get();
            }
            // While it can still be taken back: Heroku may refuse, and a release command fail.
            if (context.source().repoint(context.saved().orElseThrow(), context.databases()) instanceof Provisioned.Working working) {
                return new StepResult.Working("everything is copied and proved equal; " + working.message(), working.lookAgain().orElse(WHILE_DOWN));
            }
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
            return alive.isEmpty() ? Optional.empty() : Optional.of(new StepResult.Working("waiting for processes to end" + (context.status().source.closedAt == null ? ": " : " that cannot write to the database, because the gate refuses them: ")
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
            ShiftTrafficPhase.settle(context);
            context.tell(new Fact.TargetWritable(serving(context)));
            return new StepResult.Working("the target takes writes", PhaseContext.AT_ONCE);
        });
    }

    /** Pods wait for the target, and serve as soon as they may write; what stays is started only then. */
    private static Fact.Serving serving(PhaseContext context) {
        return context.computeStays() ? Fact.Serving.WHEN_THE_SOURCE_RUNS : Fact.Serving.AT_ONCE;
    }

    private static StepResult serve(PhaseContext context) {
        if (context.status().downtime.sidekiqStartedAt != null) {
            return new UserProbes(context).look(Instant.parse(context.status().downtime.sidekiqStartedAt));
        }
        if (context.computeStays()) {
            return startAgain(context);
        }
        if (context.compute().isEmpty()) {
            return new StepResult.Refused("spec.target.compute is missing, which says where web, streaming and Sidekiq are to be started. Put it back as it was.");
        }
        var before = context.compute().map(Compute::ready);
        // Somebody deleted a Deployment, a machine, or what DNS is to lead to; what was deployed and tested is not changed here otherwise.
        if (before.isPresent() && !before.get().missing().isEmpty() && context.compute().orElseThrow().ensure(context.environment()) instanceof Provisioned.Working working) {
            return new StepResult.Working("the target takes writes; " + working.message(), BETWEEN_LOOKS);
        }
        var letGo = context.edge().map(edge -> edge.letGo(Edge.Side.TARGET));
        if (letGo.isPresent() && letGo.get() instanceof Provisioned.Working working) {
            return new StepResult.Working(working.message(), WHILE_DOWN);
        }
        return start(context, context.compute().orElseThrow(), before.orElseThrow());
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
        return new StepResult.Working("web, streaming and Sidekiq run on the target, and are asked what users ask", PhaseContext.AT_ONCE);
    }

    /** What stays where it is uses the new databases from now on: it was told so before they were opened, and may have been given a password since that is no longer good. */
    private static StepResult startAgain(PhaseContext context) {
        var saved = context.saved().orElseThrow();
        var leading = lead(context, saved);
        if (leading.isPresent()) {
            return leading.get();
        }
        var start = new SourceStart(context, saved, Instant.parse(context.status().downtime.targetWritableAt));
        var waiting = start.waiting();
        if (waiting.isPresent()) {
            return waiting.get();
        }
        start.tellNotUp();
        context.tell(new Fact.SourceServes());
        context.findings(PreflightPhase.UNTRIED, Severity.Warning, List.of());
        context.tell(new Fact.SidekiqStarted());
        return new StepResult.Working(context.source().name() + " runs as before, with the new databases", PhaseContext.AT_ONCE);
    }

    /** What cannot be read or done any more, such as a Secret that was deleted, keeps nobody down: it was led there before the opening. Unless somebody led it back. */
    private static Optional<StepResult> lead(PhaseContext context, SavedSource saved) {
        try {
            return context.source().repoint(saved, context.databases()) instanceof Provisioned.Working working ? Optional.of(new StepResult.Working(working.message(), working.lookAgain().orElse(WHILE_DOWN))) : Optional.empty();
        } catch (OutsideException e) {
            if (e.mayPass() || !context.source().stillUsed(saved).isEmpty()) {
                throw e;
            }
            context.tell(new Fact.Found("source-databases", Severity.Action, "The source was started with the new databases as it was led to them before they were opened. Whether anything of that has changed since is not known: " + e.getMessage()));
            return Optional.empty();
        }
    }

    private static List<String> byHand(PhaseContext context, Compute compute) {
        return context.edge().map(edge -> edge.byHand(Edge.Side.TARGET)).orElseGet(() -> {
            var web = SpecDefaults.webDomain(context.spec());
            var streaming = Optional.ofNullable(context.spec().instance().streamingDomain()).orElse(web + "/api/v1/streaming");
            return List.of("Point DNS of " + String.join(" and ", SpecDefaults.webDomains(context.spec())) + " at " + compute.entrances().web() + ", and " + streaming + " at " + compute.entrances().streaming()
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
            ShiftTrafficPhase.settle(context);
            context.tell(new Fact.TargetWritable(serving(context)));
            return new StepResult.TooLate("The target takes writes already, so the migration goes on: going back now would lose them.");
        });
    }
}
