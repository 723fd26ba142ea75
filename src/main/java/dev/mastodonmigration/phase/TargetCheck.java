package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.SmokeTest;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Whether the target could take the instance over now: pods of the present images and configuration ready, those very ones tested, the edge healthy. */
final class TargetCheck {
    /** Reading the source's variables costs Heroku calls; an edit of the spec is seen at once. */
    private static final Duration BETWEEN_READINGS = Duration.ofSeconds(15);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);
    private final PhaseContext context;

    TargetCheck(PhaseContext context) {
        this.context = context;
    }

    /** Before the freeze: edits and rotated credentials are rolled out first, and tested again; done when the target could take over. */
    StepResult upToDate() {
        if (context.compute().isEmpty()) {
            return new StepResult.Done("No compute moves.");
        }
        var compute = context.compute().get();
        return rollOut(compute).or(() -> cannotServe().map(why -> new StepResult.Working(why, BETWEEN_LOOKS))).orElseGet(() -> tested(compute));
    }

    /** Empty once it has been rolled out, which a look that is still working on it is not. */
    Optional<StepResult> rollOut(Compute compute) {
        if (!isStale()) {
            return Optional.empty();
        }
        if (compute.ensure(context.environment()) instanceof Provisioned.Working working) {
            return Optional.of(new StepResult.Working(working.message(), context.untilNextLook()));
        }
        var edge = keepEdge();
        if (edge.isPresent()) {
            return edge;
        }
        context.tell(new Fact.Deployed());
        return Optional.empty();
    }

    /** Once users come through it, they reach nobody without it. */
    private Optional<StepResult> keepEdge() {
        return context.edge().filter(edge -> context.hasDone(PhaseId.ShiftTraffic)).map(edge -> edge.keep(Edge.Side.SOURCE)).filter(Provisioned.Working.class::isInstance)
                .map(working -> new StepResult.Working("the edge in front of the instance is not as it should be: " + working.message(), BETWEEN_LOOKS));
    }

    private boolean isStale() {
        var deployed = Optional.ofNullable(context.status().internal.deployed);
        return deployed.filter(last -> last.generation == context.generation() && context.now().isBefore(Instant.parse(last.ensuredAt).plus(BETWEEN_READINGS))).isEmpty();
    }

    private StepResult tested(Compute compute) {
        if (isTested(compute)) {
            return new StepResult.Done("The smoke test passed with the present images and configuration.");
        }
        return switch (compute.smokeTest()) {
            case SmokeTest.Running running -> new StepResult.Working("smoke test: " + running.message(), BETWEEN_LOOKS);
            case SmokeTest.Passed passed -> {
                context.tell(new Fact.SmokeTestPassed(compute.revision()));
                yield new StepResult.Done(passed.message());
            }
            case SmokeTest.Failed failed -> new StepResult.Refused("The smoke test failed: " + failed.message());
        };
    }

    /** One that failed stays, with its log, until it is run again. */
    void forgetFailedTest() {
        context.compute().filter(compute -> !isTested(compute)).ifPresent(Compute::removeSmokeTest);
    }

    private boolean isTested(Compute compute) {
        return Optional.ofNullable(context.status().internal.deployed).map(deployed -> deployed.testedRevision).filter(compute.revision()::equals).isPresent();
    }

    /** An edit since the gate, which has to be rolled out and tested there; in words. */
    Optional<String> edited() {
        var deployed = context.status().internal.deployed;
        return context.compute().isPresent() && (deployed == null || deployed.generation != context.generation()) ? Optional.of("the spec was edited, and the edit has to be rolled out first") : Optional.empty();
    }

    /** Just before the clock starts: what the gate stood for still holds; in words if not. Changes nothing. */
    Optional<String> notReady() {
        var compute = context.compute();
        return compute.isPresent() && !isTested(compute.get()) ? Optional.of("the smoke test has not passed with the present images and configuration") : cannotServe();
    }

    /** The last look before the target is opened; in words if it could not serve. */
    Optional<String> cannotServe() {
        return context.compute().filter(Compute::runsSidekiq).map(compute -> "somebody or something started Sidekiq on the target, which must not run before the source's is gone: stop it")
                .or(() -> context.compute().flatMap(TargetCheck::late).map(late -> "the target's web and streaming are not ready: " + late))
                .or(() -> context.edge().flatMap(edge -> edge.unhealthy()).map(why -> "the edge is not healthy: " + why));
    }

    private static Optional<String> late(Compute compute) {
        var readiness = compute.ready();
        return readiness.complete() ? Optional.empty() : Optional.of(readiness.waitingFor());
    }
}
