package dev.mastodonmigration.itinerary;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.PhaseId;
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

/** The engine as a table: every phase, every outcome, with and without a restart or a suspension in between. */
class PhaseEngineTest {
    private static final Instant NOW = Instant.parse("2026-11-22T20:00:00Z");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<PhaseId> DOWN = EnumSet.of(PhaseId.Freeze, PhaseId.Drain, PhaseId.Verify);
    private static final Set<PhaseId> OPENED = EnumSet.of(PhaseId.GoLive, PhaseId.Housekeeping, PhaseId.Soak, PhaseId.AwaitRetire, PhaseId.Retire);
    private static final Set<PhaseId> ABORTING = EnumSet.of(PhaseId.StopReplication, PhaseId.RestoreSource, PhaseId.RemoveCompute, PhaseId.ReleaseProvisioned);
    private final PhaseEngine engine = new PhaseEngine();

    /** What became of the step. */
    enum Outcome { SUCCEEDED, REFUSED, FAILED, LOST, PAST_ITS_DEADLINE, RUNNING }

    /** What happened around it. */
    enum Around { NOTHING, RESTART, SUSPEND }

    static Stream<Arguments> table() {
        return planned().flatMap(phase -> Stream.of(Outcome.values()).flatMap(outcome -> Stream.of(Around.values()).map(around -> Arguments.of(phase, outcome, around))));
    }

    static Stream<PhaseId> planned() {
        return Stream.of(PhaseId.values()).filter(phase -> !Itineraries.NOT_YET.contains(phase));
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("table")
    void everyPhaseWithEveryOutcome(PhaseId phase, Outcome outcome, Around around) {
        var status = at(phase, 1);
        if (outcome == Outcome.PAST_ITS_DEADLINE) {
            status.phases.getLast().deadline = NOW.minusSeconds(1).toString();
        }
        var spec = Specs.with(around == Around.SUSPEND ? DesiredState.Suspended : DesiredState.Running);
        var before = observation(spec, around == Around.RESTART ? reread(status) : status);

        var decision = engine.decide(before);

        if (around == Around.SUSPEND && suspends(phase)) {
            assertThat(decision).isInstanceOf(Decision.Suspend.class);
            return;
        }
        if (outcome == Outcome.PAST_ITS_DEADLINE) {
            assertThat(decision).isInstanceOfSatisfying(Decision.Retry.class, retry -> assertThat(retry.reason()).isEqualTo("DeadlineExceeded"));
            return;
        }
        assertThat(decision).isEqualTo(new Decision.Step(phase));
        expect(phase, outcome, engine.decide(before.after(result(outcome))));
    }

    private static void expect(PhaseId phase, Outcome outcome, Decision decision) {
        switch (outcome) {
            case SUCCEEDED -> assertThat(decision).isInstanceOfSatisfying(Decision.Advance.class, advance -> assertThat(advance.next()).isEqualTo(following(phase)));
            case RUNNING -> assertThat(decision).isInstanceOfSatisfying(Decision.Continue.class,
                    going -> assertThat(going.lookAgain()).isLessThanOrEqualTo(Duration.ofSeconds(30)));
            case FAILED, LOST -> assertThat(decision).isInstanceOfSatisfying(Decision.Retry.class, retry -> {
                assertThat(retry.stalled()).isFalse();
                assertThat(retry.at()).isAfter(NOW);
            });
            case REFUSED -> {
                if (DOWN.contains(phase)) {
                    assertRestores(decision, phase);
                } else {
                    assertThat(decision).isInstanceOfSatisfying(Decision.Retry.class, retry -> assertThat(retry.stalled()).isTrue());
                }
            }
            case PAST_ITS_DEADLINE -> throw new AssertionError("handled above");
        }
    }

    @ParameterizedTest
    @MethodSource("planned")
    void givesUpTheFreezeAfterThreeAttemptsAndNothingElse(PhaseId phase) {
        var decision = engine.decide(observation(Specs.valid(), at(phase, 3)).after(new StepResult.Retryable("the network is gone")));
        if (DOWN.contains(phase)) {
            assertRestores(decision, phase);
        } else {
            assertThat(decision).isInstanceOfSatisfying(Decision.Retry.class, retry -> assertThat(retry.stalled()).isEqualTo(OPENED.contains(phase)));
        }
    }

    @ParameterizedTest
    @MethodSource("planned")
    void retriesWithoutALimitWhereTheCauseMayPass(PhaseId phase) {
        if (!DOWN.contains(phase)) {
            assertThat(engine.decide(observation(Specs.valid(), at(phase, 1_000_000)).after(new StepResult.Retryable("throttled")))).isInstanceOf(Decision.Retry.class);
        }
    }

    @ParameterizedTest
    @MethodSource("planned")
    void abortIsObeyedOnlyUntilTheTargetOpens(PhaseId phase) {
        var decision = engine.decide(observation(Specs.with(DesiredState.Aborted), at(phase, 1)));
        if (ABORTING.contains(phase) || phase == PhaseId.GoLive) {
            assertThat(decision).isEqualTo(new Decision.Step(phase));
        } else if (OPENED.contains(phase)) {
            assertThat(decision).isInstanceOfSatisfying(Decision.Stall.class, stall -> assertThat(stall.reason()).isEqualTo("AbortRefused"));
        } else {
            assertRestores(decision, phase);
        }
    }

    @ParameterizedTest
    @MethodSource("planned")
    void restoresTheSourceWhenItIsDownForTooLongButNeverOnceTheTargetIsOpen(PhaseId phase) {
        var status = at(phase, 1);
        if (status.downtime != null) {
            status.downtime.startedAt = NOW.minus(Duration.ofMinutes(11)).toString();
        }
        var decision = engine.decide(observation(Specs.valid(), status));
        if (DOWN.contains(phase)) {
            assertRestores(decision, phase);
        } else {
            assertThat(decision).isEqualTo(new Decision.Step(phase));
        }
    }

    @Test
    void afterTheTargetOpenedAFailureStallsAndSaysThatHerokuStaysDown() {
        var decision = engine.decide(observation(Specs.valid(), at(PhaseId.GoLive, 3)).after(new StepResult.Retryable("pods do not start.")));
        assertThat(decision).isInstanceOfSatisfying(Decision.Retry.class, retry -> {
            assertThat(retry.stalled()).isTrue();
            assertThat(retry.message()).contains("Heroku was not restarted");
        });
    }

    @Test
    void beforeTheTargetOpensGoLiveStillRestoresTheSource() {
        var status = at(PhaseId.GoLive, 1);
        status.downtime.targetOpenedAt = null;
        assertRestores(engine.decide(observation(Specs.valid(), status).after(new StepResult.Refused("a dyno runs"))), PhaseId.GoLive);
    }

    @Test
    void noEditKeepsAnOpeningTargetDown() {
        var immutable = Specs.with(Specs.source("another-app"), Specs.target(new MastodonMigrationSpec.ExistingTarget(new MastodonMigrationSpec.SecretKeyRef("target-postgres", "url"), null)));
        var unsupported = Specs.with(new MastodonMigrationSpec.Soak("1h", true), null);
        for (var edited : List.of(Specs.with(DesiredState.RolledBack), Specs.with(DesiredState.Suspended), Specs.with(DesiredState.Aborted), immutable, unsupported)) {
            assertThat(engine.decide(observation(edited, at(PhaseId.GoLive, 1)))).isEqualTo(new Decision.Step(PhaseId.GoLive));
        }
    }

    @Test
    void aDeletedMigrationGoesWithoutTidyingTheTargetUpWhenThatCannotBeDone() {
        var seen = new Observation(Specs.valid(), 1, true, at(PhaseId.ReleaseProvisioned, 3), NOW, Optional.empty());
        assertThat(engine.decide(seen.after(new StepResult.Refused("the target is gone.")))).isInstanceOfSatisfying(Decision.Advance.class, advance -> assertThat(advance.next()).isEmpty());
    }

    @Test
    void anUnknownPhaseStallsAndIsNeverTakenForSuccess() {
        for (var unknown : List.of("Levitate", "ShiftTraffic")) {
            var status = at(PhaseId.Soak, 1);
            status.phase = unknown;
            assertThat(engine.decide(observation(Specs.valid(), status))).isInstanceOfSatisfying(Decision.Stall.class, stall -> assertThat(stall.reason()).isEqualTo("UnknownPhase"));
        }
    }

    @Test
    void waitsForTheNextAttemptUnlessTheSpecWasEdited() {
        var status = at(PhaseId.Preflight, 4);
        status.phases.getLast().state = PhaseState.Stalled;
        status.phases.getLast().retryAt = NOW.plusSeconds(40).toString();
        status.observedGeneration = 1L;
        assertThat(engine.decide(observation(Specs.valid(), status))).isEqualTo(new Decision.Rest(Duration.ofSeconds(30)));
        status.observedGeneration = 0L;
        assertThat(engine.decide(observation(Specs.valid(), status))).isInstanceOfSatisfying(Decision.Begin.class, begin -> assertThat(begin.attempt()).isEqualTo(5));
        status.observedGeneration = 1L;
        status.phases.getLast().retryAt = NOW.toString();
        assertThat(engine.decide(observation(Specs.valid(), status))).isInstanceOfSatisfying(Decision.Begin.class, begin -> assertThat(begin.attempt()).isEqualTo(5));
    }

    @Test
    void stallsOnAnEditOfWhatCannotChangeAndNamesIt() {
        var status = at(PhaseId.AwaitCutover, 1);
        var edited = Specs.with(Specs.source("another-app"), Specs.target(new MastodonMigrationSpec.ExistingTarget(new MastodonMigrationSpec.SecretKeyRef("target-postgres", "url"), null)));
        assertThat(engine.decide(observation(edited, status))).isInstanceOfSatisfying(Decision.Stall.class, stall -> {
            assertThat(stall.reason()).isEqualTo("ImmutableFieldChanged");
            assertThat(stall.message()).contains("spec.source.heroku.app", "example-web", "another-app");
        });
    }

    @Test
    void theSpecMayBeMendedUntilPreflightHasPassedAndThePlanFollowsIt() {
        var status = at(PhaseId.Preflight, 1);
        status.plan = List.of("Preflight", "Rehearse");
        var decision = engine.decide(observation(Specs.valid(), status).after(new StepResult.Done("nothing stands in the way")));
        assertThat(decision).isInstanceOfSatisfying(Decision.Advance.class, advance -> assertThat(advance.plan()).doesNotContain(PhaseId.Housekeeping));
        assertThat(decision).isInstanceOfSatisfying(Decision.Advance.class, advance -> assertThat(advance.next()).contains(PhaseId.Provision));
    }

    @Test
    void deletingBeforeAnythingWasChangedHasNothingToUndo() {
        var seen = new Observation(Specs.valid(), 1, true, at(PhaseId.Preflight, 1), NOW, Optional.empty());
        assertThat(engine.decide(seen)).isInstanceOfSatisfying(Decision.Start.class, start -> assertThat(start.plan()).isEmpty());
    }

    @Test
    void deletingInsideTheFreezeRestoresTheSource() {
        var seen = new Observation(Specs.with(DesiredState.Suspended), 1, true, at(PhaseId.Drain, 1), NOW, Optional.empty());
        assertRestores(engine.decide(seen), PhaseId.Drain);
    }

    private static boolean suspends(PhaseId phase) {
        return !DOWN.contains(phase) && !ABORTING.contains(phase) && phase != PhaseId.GoLive;
    }

    private static void assertRestores(Decision decision, PhaseId phase) {
        assertThat(decision).isInstanceOfSatisfying(Decision.Start.class, start -> {
            assertThat(start.itinerary()).isEqualTo(Itineraries.ABORT);
            if (DOWN.contains(phase)) {
                var gateFirst = phase == PhaseId.Freeze ? List.of(PhaseId.RestoreSource, PhaseId.StopReplication) : List.of(PhaseId.StopReplication, PhaseId.RestoreSource);
                assertThat(start.plan()).startsWith(gateFirst.toArray(PhaseId[]::new)).endsWith(PhaseId.ReleaseProvisioned);
            }
        });
    }

    private static StepResult result(Outcome outcome) {
        return switch (outcome) {
            case SUCCEEDED -> new StepResult.Done("done");
            case REFUSED -> new StepResult.Refused("this cannot pass");
            case FAILED -> new StepResult.Retryable("this may pass");
            case LOST -> new StepResult.Lost("the Job is gone");
            case RUNNING -> new StepResult.Working("running");
            case PAST_ITS_DEADLINE -> throw new AssertionError("not a result");
        };
    }

    private static Optional<PhaseId> following(PhaseId phase) {
        var list = (ABORTING.contains(phase) ? Itineraries.ABORT : Itineraries.FORWARD).phases().stream().filter(known -> !Itineraries.NOT_YET.contains(known)).toList();
        var next = list.indexOf(phase) + 1;
        return next < list.size() ? Optional.of(list.get(next)) : Optional.empty();
    }

    /** A migration that has come as far as this phase, as its status would say. */
    private static MastodonMigrationStatus at(PhaseId phase, int attempts) {
        var status = new MastodonMigrationStatus();
        var itinerary = ABORTING.contains(phase) ? Itineraries.ABORT : Itineraries.FORWARD;
        status.itinerary = itinerary == Itineraries.ABORT ? "Abort" : "Forward";
        status.phase = phase.name();
        status.epoch = 1L;
        status.observedGeneration = 1L;
        status.accepted = phase == PhaseId.Preflight ? status.accepted : ImmutableFields.of(Specs.valid());
        status.plan = itinerary.phases().stream().filter(known -> !Itineraries.NOT_YET.contains(known)).map(Enum::name).toList();
        status.phases = new ArrayList<>();
        if (itinerary == Itineraries.ABORT) {
            List.of(PhaseId.Provision, PhaseId.DeployCompute, PhaseId.Drain).forEach(earlier -> add(status, earlier, 1));
        }
        for (var earlier : itinerary.phases()) {
            if (!Itineraries.NOT_YET.contains(earlier)) {
                add(status, earlier, earlier == phase ? attempts : 1);
            }
            if (earlier == phase) {
                break;
            }
        }
        if (DOWN.contains(phase) || OPENED.contains(phase) || ABORTING.contains(phase)) {
            status.source = new MastodonMigrationStatus.Source();
            status.downtime = new MastodonMigrationStatus.Downtime();
            status.downtime.startedAt = NOW.minusSeconds(30).toString();
            status.source.closingAt = phase == PhaseId.Freeze ? null : NOW.minusSeconds(25).toString();
        }
        if (OPENED.contains(phase)) {
            status.downtime.targetOpenedAt = NOW.minusSeconds(5).toString();
            status.downtime.endedAt = phase == PhaseId.GoLive ? null : NOW.minusSeconds(4).toString();
        }
        return status;
    }

    private static void add(MastodonMigrationStatus status, PhaseId phase, int attempts) {
        var record = new MastodonMigrationStatus.PhaseRecord();
        record.name = phase.name();
        record.state = PhaseState.Running;
        record.startedAt = NOW.minusSeconds(20).toString();
        record.deadline = phase.deadline().map(limit -> NOW.plus(limit).toString()).orElse(null);
        record.attempts = attempts;
        status.phases.add(record);
    }

    private static Observation observation(MastodonMigrationSpec spec, MastodonMigrationStatus status) {
        return new Observation(spec, 1, false, status, NOW, Optional.empty());
    }

    /** What an operator that was restarted knows: what stands in the API server, and nothing else. */
    private static MastodonMigrationStatus reread(MastodonMigrationStatus status) {
        try {
            return JSON.readValue(JSON.writeValueAsString(status), MastodonMigrationStatus.class);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
