package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import dev.mastodonmigration.election.Leadership;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.itinerary.Itinerary;
import dev.mastodonmigration.itinerary.Observation;
import dev.mastodonmigration.itinerary.PhaseEngine;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.phase.EdgeLook;
import dev.mastodonmigration.phase.Outside;
import dev.mastodonmigration.phase.Phase;
import dev.mastodonmigration.phase.PhaseContext;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.JobRecords;
import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Tasks;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** Carries a decision out: the only place where a migration acts on the world. */
@Singleton
class Executor {
    private static final Logger LOG = Logger.getLogger(Executor.class);
    private static final Duration NOT_MINE = Duration.ofSeconds(1);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);
    private static final Duration TIDY_AGAIN = Duration.ofSeconds(5);
    /** Phases beside which replication runs; Replicate, Drain and Verify look at it themselves. */
    private static final Set<PhaseId> BESIDE_REPLICATION = EnumSet.range(PhaseId.DeployCompute, PhaseId.CloseSource);
    /** Answers to what we sent, which sending again cannot change. */
    private static final Set<Integer> INVALID = Set.of(HttpURLConnection.HTTP_BAD_REQUEST, 422);
    private final PhaseEngine engine = new PhaseEngine();
    private final Map<PhaseId, Phase> phases;
    private final BooleanSupplier mayAct;

    /** @param facts what acting found out, before what the decision itself means */
    record Acted(Decision decision, List<Fact> facts) {
        Acted(Decision decision) {
            this(decision, List.of());
        }
    }

    @Inject
    Executor(Instance<Phase> phases, Leadership leadership) {
        this(phases.stream().collect(Collectors.toMap(Phase::id, Function.identity())), leadership::mayAct);
    }

    Executor(Map<PhaseId, Phase> phases) {
        this(phases, () -> true);
    }

    /** @param mayAct whether this operator, of several, is the one that acts: asked again before each step, because a process may have been paused */
    private Executor(Map<PhaseId, Phase> phases, BooleanSupplier mayAct) {
        this.phases = phases;
        this.mayAct = mayAct;
    }

    /** Acts, and returns what is to be reported: for a step, what the engine makes of its result. */
    Acted act(Decision decision, Observation seen, Outside outside) {
        if (!mayAct.getAsBoolean()) {
            return new Acted(new Decision.Rest(NOT_MINE));
        }
        return switch (decision) {
            case Decision.Step step -> take(step.run(), seen, outside);
            case Decision.Begin begin when begin.attempt() > 1 -> endLastAttempt(begin, seen, outside);
            case Decision.Start start when start.itinerary() == Itinerary.FORWARD && !seen.started() -> new Acted(start, List.of(new Fact.WorkerImagePinned(outside.workers().image())));
            case Decision.Start start -> {
                stopWhatGoesForward(seen, outside);
                yield start.at().isEmpty() ? endAtOnce(start, seen, outside) : new Acted(start);
            }
            case Decision.Advance advance when advance.next().isEmpty() -> tidyUp(advance, advance.run(), List.of(), outside);
            case Decision.Suspend suspend -> watch(suspend, seen, outside);
            case Decision.Stall stall when seen.started() -> watch(stall, seen, outside);
            default -> new Acted(decision);
        };
    }

    /** Nothing new begins, and what replicates is looked after all the same: a long pause must not end with a dead worker and a log that overflows. */
    private static Acted watch(Decision decision, Observation seen, Outside outside) {
        var run = PhaseRun.parse(seen.status().phase);
        if (!seen.forward() || run.isEmpty() || run.get().isUndo() || !seen.began(PhaseId.Replicate) || !BESIDE_REPLICATION.contains(run.get().phase())) {
            return new Acted(decision);
        }
        var context = context(run.get(), seen, outside);
        guarded(() -> {
            context.replication().watch();
            return new StepResult.Done("");
        });
        return new Acted(decision, context.facts());
    }

    /** A new attempt must not meet the workers of the last one. */
    private Acted endLastAttempt(Decision.Begin begin, Observation seen, Outside outside) {
        return switch (guarded(() -> endLastAttempt(begin.run(), seen, outside))) {
            case StepResult.Done ended -> new Acted(begin);
            case StepResult result -> new Acted(new Decision.Continue(begin.run(), result instanceof StepResult.Working ? result : new StepResult.Blocked(result.message()), LOOK_AGAIN));
        };
    }

    private StepResult endLastAttempt(PhaseRun run, Observation seen, Outside outside) {
        if (outside.workers().stop(JobRecords.of(seen.status(), run.name()))) {
            return new StepResult.Working("waiting for the workers of the last attempt to end");
        }
        if (!run.isUndo()) {
            phases.get(run.phase()).endAttempt(context(run, seen, outside));
        }
        return new StepResult.Done("");
    }

    private static PhaseContext context(PhaseRun run, Observation seen, Outside outside) {
        return new PhaseContext(seen.spec(), seen.status(), seen.generation(), run, seen.now(), outside);
    }

    private Acted take(PhaseRun run, Observation seen, Outside outside) {
        var context = context(run, seen, outside);
        var result = step(run, seen, context);
        if (EdgeLook.isDue(run.phase(), context)) {
            measure(context);
        }
        var decision = engine.decide(seen.after(result));
        var facts = new ArrayList<>(context.facts());
        if (decision instanceof Decision.Advance advance && advance.next().isEmpty()) {
            return tidyUp(advance, advance.run(), facts, outside);
        }
        return new Acted(decision, facts);
    }

    /** Nothing waits for it: while it cannot be asked, status has what was measured last, and when. */
    private static void measure(PhaseContext context) {
        var measured = guarded(() -> {
            EdgeLook.take(context);
            return new StepResult.Done("");
        });
        if (!(measured instanceof StepResult.Done)) {
            LOG.debugf("what the edge measured cannot be asked: %s", measured.message());
        }
    }

    private StepResult step(PhaseRun run, Observation seen, PhaseContext context) {
        return guarded(() -> {
            if (!run.isUndo() && seen.began(PhaseId.Replicate) && BESIDE_REPLICATION.contains(run.phase())) {
                var refused = context.replication().watch();
                if (refused.isPresent()) {
                    return refused.get();
                }
            }
            var phase = phases.get(run.phase());
            return run.isUndo() ? phase.undo(context) : phase.step(context);
        });
    }

    private static StepResult guarded(Supplier<StepResult> step) {
        try {
            return step.get();
        } catch (OutsideException e) {
            return e.mayPass() ? new StepResult.Blocked(e.getMessage()) : new StepResult.Refused(e.getMessage());
        } catch (KubernetesClientException e) {
            return INVALID.contains(e.getCode()) ? new StepResult.Refused(words(e)) : new StepResult.Blocked(words(e));
        } catch (RuntimeException unexpected) {
            LOG.error(Redaction.trace(unexpected));
            return new StepResult.Retryable("The operator met a fault of its own: " + Redaction.of(unexpected));
        }
    }

    private static String words(KubernetesClientException e) {
        return "The Kubernetes API " + (e.getCode() == 0 ? "does not answer: " : "refused a request: ")
                + Redaction.strike(e.getStatus() == null || e.getStatus().getMessage() == null ? Redaction.of(e) : e.getStatus().getMessage());
    }

    /**
     * Whoever goes back should not meet who still goes forward. What opens the source again stands by for it. Nothing waits for the others' end, nor for an API
     * that does not answer: the databases' own locks and epochs hold them off, and the last step removes them.
     */
    private static void stopWhatGoesForward(Observation seen, Outside outside) {
        var stopped = guarded(() -> {
            outside.workers().stop(JobRecords.all(seen.status()).filter(job -> !job.task.equals(Tasks.REOPEN_SOURCE)).toList());
            return new StepResult.Done("");
        });
        if (!(stopped instanceof StepResult.Done)) {
            LOG.warnf("workers that are no longer needed could not be stopped: %s", stopped.message());
        }
    }

    /** Nothing is to be undone; but what runs now, or the phase before where the next has not begun yet, may have made workers, and with them the Secret that they read. */
    private static Acted endAtOnce(Decision.Start start, Observation seen, Outside outside) {
        if (seen.status().phases.isEmpty()) {
            return new Acted(start);
        }
        return PhaseRun.parse(seen.status().phase).filter(run -> seen.record(run).isPresent()).map(run -> tidyUp(start, run, List.of(), outside))
                .orElseGet(() -> new Acted(tidy(outside) instanceof StepResult.Done ? start : new Decision.Rest(TIDY_AGAIN)));
    }

    /** An itinerary ends with nothing of ours left but what the instance runs on. */
    private static Acted tidyUp(Decision last, PhaseRun run, List<Fact> facts, Outside outside) {
        var tidied = tidy(outside);
        return tidied instanceof StepResult.Done ? new Acted(last, facts)
                : new Acted(new Decision.Continue(run, new StepResult.Blocked("Everything is done but removing our Jobs and Secrets: " + tidied.message()), TIDY_AGAIN), facts);
    }

    private static StepResult tidy(Outside outside) {
        return guarded(() -> {
            outside.workers().removeAll();
            outside.forget();
            return new StepResult.Done("");
        });
    }
}
