package dev.mastodonmigration.itinerary;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.Compute;
import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Ec2;
import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationSpec.TargetPostgres;
import dev.mastodonmigration.api.MastodonMigrationSpec.Topology;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import dev.mastodonmigration.itinerary.Decision.Persistence;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The engine as a table: every stop, every outcome, with a restart, a suspension, an abort or a deletion around it. */
class PhaseEngineTest {
    private static final Instant NOW = Instant.parse("2026-11-22T20:00:00Z");
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Phases in which the instance is down; GoLive until the target takes writes. */
    private static final Set<PhaseId> DOWN = EnumSet.of(PhaseId.CloseSource, PhaseId.Drain, PhaseId.Verify);
    private static final Set<PhaseId> BEFORE_THE_CLOCK = EnumSet.of(PhaseId.StandBy, PhaseId.QuietSidekiq, PhaseId.StopSource);
    private static final Set<PhaseId> WRITABLE = EnumSet.of(PhaseId.GoLive, PhaseId.Housekeeping, PhaseId.Soak, PhaseId.AwaitRetire, PhaseId.Retire);
    private final PhaseEngine engine = new PhaseEngine();

    /** What became of the step. */
    enum Outcome { SUCCEEDED, REFUSED, FAILED, LOST, BLOCKED, PAST_ITS_DEADLINE, RUNNING }

    /** What happened around it. */
    enum Around { NOTHING, RESTART, SUSPEND, ABORT, DELETE }

    static Stream<Arguments> table() {
        var runs = Stream.concat(Stream.of(PhaseId.values()).map(PhaseRun::of), Stream.of(PhaseId.values()).filter(phase -> phase.undoCaption().isPresent()).map(PhaseRun::undo));
        return runs.flatMap(run -> Stream.of(Outcome.values()).flatMap(outcome -> Stream.of(Around.values()).map(around -> Arguments.of(run, outcome, around))));
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("table")
    void everyStopWithEveryOutcome(PhaseRun run, Outcome outcome, Around around) {
        var status = at(run);
        if (outcome == Outcome.PAST_ITS_DEADLINE) {
            status.phases.getLast().deadline = NOW.minusSeconds(1).toString();
        }
        var spec = Specs.with(switch (around) {
            case SUSPEND -> DesiredState.Suspended;
            case ABORT -> DesiredState.Aborted;
            default -> DesiredState.Running;
        });
        var before = new Observation(spec, List.of(), 1, around == Around.DELETE, around == Around.RESTART ? reread(status) : status, NOW, Optional.empty());

        var decision = engine.decide(before);

        if (!run.isUndo() && !WRITABLE.contains(run.phase()) && (around == Around.ABORT || around == Around.DELETE)) {
            assertThat(decision).isInstanceOfSatisfying(Decision.Start.class, start -> {
                assertThat(start.itinerary()).isEqualTo(Itinerary.ABORT);
                assertThat(start.plan()).allMatch(PhaseRun::isUndo);
            });
        } else if (!run.isUndo() && isOutsideTheCutover(run.phase()) && around == Around.ABORT) {
            assertThat(decision).isInstanceOfSatisfying(Decision.Stall.class, stall -> assertThat(stall.reason()).isEqualTo("AbortRefused"));
        } else if (!run.isUndo() && isOutsideTheCutover(run.phase()) && around == Around.SUSPEND) {
            assertThat(decision).isInstanceOf(Decision.Suspend.class);
        } else if (outcome == Outcome.PAST_ITS_DEADLINE) {
            expectFailed(run, Persistence.MAY_PASS, decision);
        } else {
            assertThat(decision).isEqualTo(new Decision.Step(run));
            expect(run, outcome, successor(run, status), engine.decide(before.after(result(outcome))));
        }
    }

    private static boolean isOutsideTheCutover(PhaseId phase) {
        return phase.compareTo(PhaseId.StandBy) < 0 || phase.compareTo(PhaseId.GoLive) > 0;
    }

    private static Optional<PhaseRun> successor(PhaseRun run, MastodonMigrationStatus status) {
        return status.plan.stream().skip(status.plan.indexOf(run.name()) + 1L).findFirst().flatMap(PhaseRun::parse);
    }

    private static void expect(PhaseRun run, Outcome outcome, Optional<PhaseRun> successor, Decision decision) {
        switch (outcome) {
            case SUCCEEDED -> assertThat(decision).isInstanceOfSatisfying(Decision.Advance.class, advance -> assertThat(advance.next()).isEqualTo(successor));
            case RUNNING, BLOCKED -> assertThat(decision).isInstanceOfSatisfying(Decision.Continue.class, going -> assertThat(going.lookAgain()).isLessThanOrEqualTo(Duration.ofSeconds(30)));
            case FAILED, LOST -> expectFailed(run, Persistence.MAY_PASS, decision);
            case REFUSED -> expectFailed(run, Persistence.LASTS, decision);
            case PAST_ITS_DEADLINE -> throw new AssertionError("no step is taken then");
        }
    }

    private static void expectFailed(PhaseRun run, Persistence persistence, Decision decision) {
        if (!run.isUndo() && BEFORE_THE_CLOCK.contains(run.phase()) && (persistence == Persistence.LASTS || run.phase() != PhaseId.StandBy)) {
            assertThat(decision).isInstanceOfSatisfying(Decision.BackToGate.class, back -> {
                assertThat(back.again().isPresent()).as("by itself, where the cause may pass").isEqualTo(persistence == Persistence.MAY_PASS);
                assertThat(back.plan()).containsSubsequence(PhaseRun.undo(run.phase()), PhaseRun.of(PhaseId.AwaitCutover), PhaseRun.of(run.phase()));
            });
        } else if (!run.isUndo() && DOWN.contains(run.phase()) && persistence == Persistence.LASTS) {
            assertThat(decision).isInstanceOfSatisfying(Decision.Start.class, start -> assertThat(start.itinerary()).isEqualTo(Itinerary.ABORT));
        } else {
            assertThat(decision).isInstanceOfSatisfying(Decision.Retry.class, retry -> {
                assertThat(retry.persistence()).isEqualTo(persistence);
                assertThat(retry.at()).isAfter(NOW);
            });
        }
    }

    private static StepResult result(Outcome outcome) {
        return switch (outcome) {
            case SUCCEEDED -> new StepResult.Done("done");
            case REFUSED -> new StepResult.Refused("no");
            case FAILED -> new StepResult.Retryable("not now");
            case LOST -> new StepResult.Lost("gone");
            case BLOCKED -> new StepResult.Blocked("silent");
            default -> new StepResult.Working("busy");
        };
    }

    /** A status that stands in that run, everything before it done. */
    private static MastodonMigrationStatus at(PhaseRun run) {
        var status = new MastodonMigrationStatus();
        status.internal.epoch = 1L;
        status.observedGeneration = 1L;
        var forward = Stream.of(PhaseId.values()).toList();
        var begun = run.isUndo() ? forward : forward.subList(0, run.phase().ordinal() + 1);
        status.itinerary = run.isUndo() ? Itinerary.ABORT.title() : Itinerary.FORWARD.title();
        status.plan = new ArrayList<>((run.isUndo() ? forward.stream().filter(phase -> phase.undoCaption().isPresent()).map(PhaseRun::undo).toList().reversed() : forward.stream().map(PhaseRun::of).toList())
                .stream().map(PhaseRun::name).toList());
        status.phase = run.name();
        begun.forEach(phase -> status.phases.add(record(phase.name(), PhaseState.Succeeded)));
        if (run.isUndo()) {
            status.phases.add(record(run.name(), PhaseState.Running));
        } else {
            status.phases.getLast().state = PhaseState.Running;
        }
        if (DOWN.contains(run.phase()) || WRITABLE.contains(run.phase())) {
            status.source = new MastodonMigrationStatus.Source();
            status.downtime = new MastodonMigrationStatus.Downtime();
            status.downtime.startedAt = NOW.minusSeconds(5).toString();
        }
        if (WRITABLE.contains(run.phase()) && !run.isUndo()) {
            status.downtime.targetWritableAt = NOW.minusSeconds(1).toString();
            status.downtime.finishedAt = NOW.minusSeconds(1).toString();
        }
        return status;
    }

    private static MastodonMigrationStatus.PhaseRecord record(String name, PhaseState state) {
        var record = new MastodonMigrationStatus.PhaseRecord();
        record.name = name;
        record.state = state;
        record.attempts = 1;
        record.startedAt = NOW.minusSeconds(5).toString();
        return record;
    }

    private static MastodonMigrationStatus reread(MastodonMigrationStatus status) {
        try {
            return JSON.readValue(JSON.writeValueAsString(status), MastodonMigrationStatus.class);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static Observation observation(MastodonMigrationSpec spec, MastodonMigrationStatus status) {
        return new Observation(spec, List.of(), 1, false, status, NOW, Optional.empty());
    }

    private Decision after(PhaseRun run, MastodonMigrationStatus status, StepResult result) {
        assertThat(status.phase).isEqualTo(run.name());
        return engine.decide(observation(Specs.valid(), status).after(result));
    }

    @Test
    void nothingBeginsWithASpecThatIsWrong() {
        var seen = new Observation(Specs.valid(), List.of("spec.aws is not supported yet."), 1, false, new MastodonMigrationStatus(), NOW, Optional.empty());
        assertThat(engine.decide(seen)).isInstanceOfSatisfying(Decision.Stall.class, stall -> assertThat(stall.message()).contains("spec.aws"));
    }

    @Test
    void anAbortOfWhatWasNeverBegunEndsAtOnceAndIsNotBegunAgain() {
        var status = at(PhaseRun.of(PhaseId.Preflight));
        var decision = engine.decide(observation(Specs.with(DesiredState.Aborted), status));
        assertThat(decision).isInstanceOfSatisfying(Decision.Start.class, start -> assertThat(start.plan()).isEmpty());
        status.itinerary = Itinerary.ABORT.title();
        status.plan = new ArrayList<>();
        status.phase = MastodonMigrationStatus.ABORTED;
        assertThat(engine.decide(observation(Specs.with(DesiredState.Aborted), status))).isInstanceOf(Decision.Rest.class);
    }

    @Test
    void abortUndoesWhatWasBegunInReverseTheSourceFirst() {
        var decision = engine.decide(observation(Specs.with(DesiredState.Aborted), at(PhaseRun.of(PhaseId.Verify))));
        assertThat(decision).isInstanceOfSatisfying(Decision.Start.class, start -> assertThat(start.plan().stream().map(PhaseRun::name)).containsExactly("UndoCloseSource", "UndoStopSource", "UndoQuietSidekiq",
                "UndoStandBy", "UndoShiftTraffic", "UndoSmokeTest", "UndoDeployCompute", "UndoReplicate", "UndoRehearse", "UndoProvision"));
    }

    @Test
    void maxDowntimeRunningOutRestoresTheSourceAndSaysWhatWasHeardLast() {
        var status = at(PhaseRun.of(PhaseId.Drain));
        status.downtime.startedAt = NOW.minusSeconds(601).toString();
        status.phases.getLast().message = "waiting for dynos";
        assertThat(engine.decide(observation(Specs.valid(), status))).isInstanceOfSatisfying(Decision.Start.class, start -> assertThat(start.reason()).contains("maxDowntime", "waiting for dynos"));
    }

    @Test
    void maxDowntimeEndsNothingOnceTheTargetTakesWrites() {
        assertThat(WRITABLE).allSatisfy(phase -> {
            var status = at(PhaseRun.of(phase));
            status.downtime.startedAt = NOW.minusSeconds(660).toString();
            assertThat(engine.decide(observation(Specs.valid(), status))).isEqualTo(new Decision.Step(PhaseRun.of(phase)));
        });
    }

    @Test
    void whileTheTargetIsOpenedTheMigrationStillGoesBack() {
        var status = at(PhaseRun.of(PhaseId.GoLive));
        status.downtime.targetWritableAt = null;
        status.downtime.finishedAt = null;
        assertThat(engine.decide(observation(Specs.valid(), status))).isEqualTo(new Decision.Step(PhaseRun.of(PhaseId.GoLive)));
        assertThat(after(PhaseRun.of(PhaseId.GoLive), status, new StepResult.Refused("another's marker"))).isInstanceOfSatisfying(Decision.Start.class, start ->
                assertThat(start.plan()).startsWith(PhaseRun.undo(PhaseId.GoLive)));
        assertThat(engine.decide(observation(Specs.with(DesiredState.Aborted), status))).isInstanceOfSatisfying(Decision.Start.class, start ->
                assertThat(start.plan()).startsWith(PhaseRun.undo(PhaseId.GoLive)));
        assertThat(engine.decide(observation(Specs.with(DesiredState.Suspended), status))).as("no pause while the instance is down").isEqualTo(new Decision.Step(PhaseRun.of(PhaseId.GoLive)));
        status.internal.accepted = ImmutableFields.of(Specs.valid());
        assertThat(engine.decide(observation(Specs.with(Specs.source("another-web"), Specs.valid().target()), status))).isInstanceOf(Decision.Start.class);
    }

    @Test
    void insideTheFreezeAttemptsAreNotCounted() {
        var status = at(PhaseRun.of(PhaseId.Drain));
        status.phases.getLast().attempts = 50;
        assertThat(after(PhaseRun.of(PhaseId.Drain), status, new StepResult.Retryable("a worker was killed"))).isInstanceOfSatisfying(Decision.Retry.class, retry ->
                assertThat(Duration.between(NOW, retry.at())).isLessThanOrEqualTo(Duration.ofSeconds(2)));
    }

    @Test
    void standingByIsTriedAFewTimesBeforeTheGateIsShownAgain() {
        var status = at(PhaseRun.of(PhaseId.StandBy));
        assertThat(after(PhaseRun.of(PhaseId.StandBy), status, new StepResult.Retryable("no node"))).isInstanceOf(Decision.Retry.class);
        status.phases.getLast().attempts = PhaseEngine.ATTEMPTS_BEFORE_THE_GATE;
        assertThat(after(PhaseRun.of(PhaseId.StandBy), status, new StepResult.Retryable("no node"))).isInstanceOfSatisfying(Decision.BackToGate.class, back ->
                assertThat(back.again()).contains(NOW.plus(PhaseEngine.PAUSE_AT_THE_GATE)));
    }

    @Test
    void whatWasUndoneOnTheWayBackIsNoPartOfTheWayForward() {
        var status = at(PhaseRun.of(PhaseId.StandBy));
        status.plan = new ArrayList<>(Itinerary.backToGate(Stream.of(PhaseId.values()).map(PhaseRun::of).toList(), observation(Specs.valid(), status)).stream().map(PhaseRun::name).toList());
        status.phase = "UndoStandBy";
        status.phases.add(record("UndoStandBy", PhaseState.Running));
        assertThat(after(PhaseRun.undo(PhaseId.StandBy), status, new StepResult.Done("ended"))).isInstanceOfSatisfying(Decision.Advance.class, advance -> {
            assertThat(advance.next()).contains(PhaseRun.of(PhaseId.AwaitCutover));
            assertThat(advance.plan()).noneMatch(PhaseRun::isUndo);
        });
    }

    @Test
    void undoingThatComesTooLateGoesOnForwardWhereItWas() {
        assertThat(after(PhaseRun.undo(PhaseId.GoLive), at(PhaseRun.undo(PhaseId.GoLive)), new StepResult.TooLate("open"))).isInstanceOfSatisfying(Decision.Start.class, start -> {
            assertThat(start.itinerary()).isEqualTo(Itinerary.FORWARD);
            assertThat(start.at()).contains(PhaseRun.of(PhaseId.GoLive));
        });
    }

    @Test
    void aDeletedMigrationDoesNotWaitForATargetThatCannotBeTidiedUp() {
        var status = at(PhaseRun.undo(PhaseId.Provision));
        status.phases.getLast().attempts = PhaseEngine.ATTEMPTS_BEFORE_LEAVING;
        var seen = new Observation(Specs.valid(), List.of(), 1, true, status, NOW, Optional.empty()).after(new StepResult.Retryable("no connection"));
        assertThat(engine.decide(seen)).isInstanceOfSatisfying(Decision.Advance.class, advance -> assertThat(advance.result().message()).contains("no connection"));
    }

    /** It costs money, and nobody would know of it any more. */
    @Test
    void aDeletedMigrationWaitsForAwsToLetWhatItCreatedBeDeletedUntilTheAdminLetsItGo() {
        var status = at(PhaseRun.undo(PhaseId.Provision));
        status.phases.getLast().attempts = 100;
        for (var failed : List.of(new StepResult.Retryable("no connection"), new StepResult.Refused("expired"))) {
            assertThat(engine.decide(deleted(status, DeletionPolicy.Delete).after(failed))).isInstanceOfSatisfying(Decision.Retry.class, retry -> assertThat(retry.persistence()).isEqualTo(Persistence.LASTS));
            assertThat(engine.decide(deleted(status, DeletionPolicy.Retain).after(failed))).isInstanceOfSatisfying(Decision.Advance.class,
                    advance -> assertThat(advance.result().left()).hasValueSatisfying(left -> assertThat(left).contains(failed.message())));
        }
        status.phases.getLast().deadline = NOW.minusSeconds(1).toString();
        assertThat(engine.decide(deleted(status, DeletionPolicy.Delete))).isInstanceOfSatisfying(Decision.Retry.class, retry -> assertThat(retry.message()).contains("set spec.aws.deletionPolicy to Retain"));
    }

    /** What is found with a part of the spec that is gone would be forgotten. */
    @Test
    void whatWasCreatedIsNotForgottenForAnEditOfTheTarget() {
        var status = at(PhaseRun.undo(PhaseId.Provision));
        status.internal.accepted = ImmutableFields.of(onAws(DeletionPolicy.Delete));
        var edited = new Observation(Specs.valid(), List.of(), 1, true, status, NOW, Optional.empty());
        assertThat(engine.decide(edited)).isInstanceOfSatisfying(Decision.Stall.class, stall -> assertThat(stall.message()).contains("spec.target.postgres was \"rds\"", "Put it back"));
        assertThat(engine.decide(deleted(status, DeletionPolicy.Retain))).isEqualTo(new Decision.Step(PhaseRun.undo(PhaseId.Provision)));
        var source = at(PhaseRun.undo(PhaseId.StopSource));
        source.internal.accepted = status.internal.accepted;
        assertThat(engine.decide(new Observation(Specs.valid(), List.of(), 1, true, source, NOW, Optional.empty()))).as("the source is restored whatever was edited").isEqualTo(new Decision.Step(PhaseRun.undo(PhaseId.StopSource)));
    }

    @Test
    void machinesAreNeitherGivenUpInADeletionNorForgottenForAnEditOfTheTarget() {
        var undo = PhaseRun.undo(PhaseId.DeployCompute);
        var status = at(undo);
        status.phases.getLast().attempts = 100;
        status.internal.accepted = ImmutableFields.of(onMachines(DeletionPolicy.Delete));
        var failed = new StepResult.Retryable("no connection");
        assertThat(engine.decide(new Observation(onMachines(DeletionPolicy.Delete), List.of(), 1, true, status, NOW, Optional.empty()).after(failed)))
                .isInstanceOfSatisfying(Decision.Retry.class, retry -> assertThat(retry.persistence()).isEqualTo(Persistence.LASTS));
        assertThat(engine.decide(new Observation(onMachines(DeletionPolicy.Retain), List.of(), 1, true, status, NOW, Optional.empty()).after(failed))).isInstanceOf(Decision.Advance.class);
        assertThat(engine.decide(new Observation(Specs.valid(), List.of(), 1, true, status, NOW, Optional.empty())))
                .isInstanceOfSatisfying(Decision.Stall.class, stall -> assertThat(stall.message()).contains("spec.target.compute was \"ec2\"", "Put it back"));
    }

    private static MastodonMigrationSpec onMachines(DeletionPolicy policy) {
        var spec = Specs.valid();
        var target = new Target(spec.target().postgres(), spec.target().redis(), new Compute(null, new Ec2(Topology.Single, "t4g.large", List.of("subnet-a", "subnet-b"), null, null, null)), spec.target().dns());
        return new MastodonMigrationSpec(spec.instance(), spec.source(), target, new Aws("eu-central-1", null, policy), spec.edge(), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), spec.retire(), spec.state());
    }

    private static Observation deleted(MastodonMigrationStatus status, DeletionPolicy policy) {
        return new Observation(onAws(policy), List.of(), 1, true, status, NOW, Optional.empty());
    }

    private static MastodonMigrationSpec onAws(DeletionPolicy policy) {
        var spec = Specs.valid();
        var rds = new Rds("db.t4g.small", 20, "17", null, null, List.of("subnet-a", "subnet-b"), null, null, null);
        var target = new Target(new TargetPostgres(rds, null), spec.target().redis(), spec.target().compute(), spec.target().dns());
        return new MastodonMigrationSpec(spec.instance(), spec.source(), target, new Aws("eu-central-1", null, policy), spec.edge(), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), spec.retire(), spec.state());
    }

    @Test
    void aDeletedMigrationWaitsForTheSourceHoweverLong() {
        var status = at(PhaseRun.undo(PhaseId.StopSource));
        status.phases.getLast().attempts = 100;
        var seen = new Observation(Specs.valid(), List.of(), 1, true, status, NOW, Optional.empty()).after(new StepResult.Retryable("no answer"));
        assertThat(engine.decide(seen)).isInstanceOf(Decision.Retry.class);
    }

    @Test
    void theLongerASystemOutsideIsSilentTheMoreRarelyItIsAsked() {
        var status = at(PhaseRun.of(PhaseId.Replicate));
        var first = (Decision.Continue) after(PhaseRun.of(PhaseId.Replicate), status, new StepResult.Blocked("429"));
        status.phases.getLast().blockedSince = NOW.minusSeconds(60).toString();
        var later = (Decision.Continue) after(PhaseRun.of(PhaseId.Replicate), status, new StepResult.Blocked("429"));
        assertThat(first.lookAgain()).isLessThan(Duration.ofSeconds(1));
        assertThat(later.lookAgain()).isGreaterThan(Duration.ofSeconds(10)).isLessThanOrEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void aPhaseThatThisVersionDoesNotKnowIsNeverTakenForTheEnd() {
        var status = at(PhaseRun.of(PhaseId.Drain));
        status.phase = "Teleport";
        assertThat(engine.decide(observation(Specs.valid(), status))).isInstanceOfSatisfying(Decision.Stall.class, stall -> assertThat(stall.reason()).isEqualTo("UnknownPhase"));
        status.plan.add("Teleport");
        assertThat(engine.decide(observation(Specs.valid(), status))).isInstanceOf(Decision.Stall.class);
    }

    @Test
    void anEditOfWhatMovesStopsTheMigrationBeforeTheFreezeAndSendsItBackInIt() {
        var elsewhere = Specs.with(Specs.source("another-web"), Specs.valid().target());
        var status = at(PhaseRun.of(PhaseId.Replicate));
        status.internal.accepted = ImmutableFields.of(Specs.valid());
        assertThat(engine.decide(observation(elsewhere, status))).isInstanceOfSatisfying(Decision.Stall.class, stall -> assertThat(stall.message()).contains("spec.source.heroku.app"));
        var frozen = at(PhaseRun.of(PhaseId.Drain));
        frozen.internal.accepted = ImmutableFields.of(Specs.valid());
        assertThat(engine.decide(observation(elsewhere, frozen))).isInstanceOfSatisfying(Decision.Start.class, start -> assertThat(start.reason()).contains("spec.source.heroku.app"));
    }

    @Test
    void anEditBringsTheNextAttemptForward() {
        var status = at(PhaseRun.of(PhaseId.Preflight));
        status.phases.getLast().retryAt = NOW.plusSeconds(60).toString();
        assertThat(engine.decide(observation(Specs.valid(), status))).isEqualTo(new Decision.Rest(Duration.ofSeconds(30)));
        var due = new Observation(Specs.valid(), List.of(), 1, false, status, NOW.plusSeconds(60), Optional.empty());
        assertThat(engine.decide(due)).isInstanceOfSatisfying(Decision.Begin.class, begin -> assertThat(begin.attempt()).isEqualTo(2));
        status.observedGeneration = 0L;
        assertThat(engine.decide(observation(Specs.valid(), status))).isInstanceOfSatisfying(Decision.Begin.class, begin -> assertThat(begin.attempt()).isEqualTo(2));
    }

    @Test
    void afterThePointOfNoReturnAFailureIsSaidToStayForward() {
        var status = at(PhaseRun.of(PhaseId.Housekeeping));
        assertThat(after(PhaseRun.of(PhaseId.Housekeeping), status, new StepResult.Refused("a key is violated"))).isInstanceOfSatisfying(Decision.Retry.class, retry ->
                assertThat(retry.message()).contains("the source was not restarted"));
    }
}
