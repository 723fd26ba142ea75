package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Cutover;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Existing;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import dev.mastodonmigration.api.MastodonMigrationSpec.Soak;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whole migrations through the operator, restarted before every single look, with workers from a script. */
class MigrationFlowTest {
    private static final Map<String, Integer> WEB_FORMATION = Map.of("web", 2, "worker", 1);
    private static final Map<String, Integer> STOPPED = Map.of("web", 0, "worker", 0);
    private final MigrationFlow flow = new MigrationFlow();

    @AfterEach
    void close() {
        flow.close();
    }

    private static MastodonMigrationSpec approved() {
        return approved("0s", null);
    }

    private static MastodonMigrationSpec approved(String soak, DesiredState state) {
        var spec = Specs.with(new Soak(soak, null), new Retire(true, null, true, null, null));
        return new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), null, spec.strategy(), null, new Cutover(true, null, null, null), spec.soak(), spec.retire(), state);
    }

    @Test
    void movesAnInstanceAndEndsWithEverythingProvedAndTheSourceStopped() {
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));

        var status = flow.status();
        assertThat(flow.jobs.ran).containsExactlyInAnyOrderElementsOf(ScriptedJobs.everyTask());
        assertThat(status.phases).allSatisfy(phase -> assertThat(phase.state).as(phase.name).isEqualTo(MastodonMigrationStatus.PhaseState.Succeeded));
        assertThat(status.verification.postgres.rows).isEqualTo(30);
        assertThat(status.verification.redis.keys).isEqualTo(7);
        assertThat(status.downtime.seconds).isPositive();
        assertThat(flow.condition("Ready")).startsWith("True Completed");
        assertThat(flow.condition("Reconciling")).isEmpty();
        assertThat(flow.condition("DataVerified")).startsWith("True");
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(STOPPED);
        assertThat(flow.heroku.app("example-web").maintenance()).isTrue();
        assertThat(status.source.apps.getFirst().formation).isEqualTo(WEB_FORMATION);
        assertThat(deployment("sidekiq-scheduler")).isEqualTo(1);
        assertThat(deployment("sidekiq-default")).isEqualTo(2);
    }

    @Test
    void waitsForApprovalWithTheSourceUntouchedAndSidekiqStopped() {
        flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase) && flow.condition("AwaitingApproval").startsWith("True"));

        assertThat(flow.mutations()).isZero();
        assertThat(flow.condition("Ready")).startsWith("False AwaitingApproval").contains("spec.cutover.approved");
        assertThat(deployment("sidekiq-default")).isZero();
        assertThat(deployment("web")).isEqualTo(1);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("AwaitingApproval"));
    }

    @Test
    void aFailureInsideTheFreezeRestoresTheSourceAndLeavesNothingBehind() {
        flow.jobs.script(Tasks.VERIFY_POSTGRES, run -> WorkerReport.refused("Table public.statuses differs in 1 row: id 42."));
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));

        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(WEB_FORMATION);
        assertThat(flow.heroku.app("example-streaming").formation()).isEqualTo(Map.of("web", 1));
        assertThat(flow.events()).anyMatch(event -> event.startsWith("SourceSaved") && event.contains("example-web (web=2, worker=1, maintenance off)"));
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(flow.status().downtime.endedAt).isNotNull();
        assertThat(flow.jobs.ran).contains(Tasks.REOPEN_SOURCE, Tasks.RESET_TARGET).doesNotContain(Tasks.OPEN_TARGET);
        assertThat(flow.jobs.ran.indexOf(Tasks.REOPEN_SOURCE)).isLessThan(flow.jobs.ran.indexOf(Tasks.RESET_TARGET));
        assertThat(flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).isEmpty();
        assertThat(flow.condition("Stalled")).contains("public.statuses differs").contains("delete this MastodonMigration and create another");
        assertThat(flow.events()).anyMatch(event -> event.startsWith("RestoringSource") && event.contains("public.statuses differs"));
    }

    @Test
    void aWorkerThatDiesInsideTheFreezeIsFollowedByAnother() {
        flow.jobs.script(Tasks.COPY_POSTGRES, run -> run == 1 ? WorkerReport.retryable("connection reset") : ScriptedJobs.succeeded());
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.COPY_POSTGRES)).isEqualTo(2);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("AttemptFailed") && event.contains("connection reset"));
    }

    @Test
    void aJobThatVanishesIsToldAndFollowedByAnother() {
        flow.jobs.script(Tasks.REHEARSE_POSTGRES, run -> run == 1 ? ScriptedJobs.RUNS_ON : ScriptedJobs.succeeded());
        flow.apply(Specs.valid());
        flow.until(status -> status.phases.stream().flatMap(phase -> phase.jobs.stream()).anyMatch(job -> job.task.equals(Tasks.REHEARSE_POSTGRES) && job.uid != null));
        flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).delete();
        flow.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(flow.events()).anyMatch(event -> event.startsWith("JobLost") && event.contains("rehearse-postgres"));
    }

    @Test
    void afterTheTargetOpenedAFailureStallsAndHerokuStaysStopped() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> WorkerReport.refused("The target's marker is gone."));
        flow.apply(approved());
        flow.until(status -> status.phases.stream().anyMatch(phase -> phase.name.equals("GoLive") && phase.state == MastodonMigrationStatus.PhaseState.Stalled));

        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(STOPPED);
        assertThat(flow.heroku.app("example-web").maintenance()).isTrue();
        assertThat(flow.condition("Stalled")).contains("Heroku was not restarted");
        flow.jobs.script(Tasks.OPEN_TARGET, run -> ScriptedJobs.succeeded());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void aSourceThatSomebodyStartedAgainKeepsTheTargetClosed() {
        flow.jobs.script(Tasks.VERIFY_REDIS, run -> {
            flow.heroku.app("example-web").formation("web", 1, "Standard-2X");
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.status().downtime.targetOpenedAt).isNull();
        assertThat(flow.jobs.ran).doesNotContain(Tasks.OPEN_TARGET);
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(WEB_FORMATION);
    }

    @Test
    void aOneOffDynoHoldsTheFreezeUpUntilItEnds() {
        var run = flow.heroku.app("example-web").oneOff("run", "rails console");
        flow.apply(approved());
        flow.until(status -> "Freeze".equals(status.phase) && status.phases.getLast().message.contains(run));
        assertThat(flow.jobs.ran).doesNotContain(Tasks.CLOSE_SOURCE);
        flow.heroku.app("example-web").endOneOff(run);
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void abortAtTheGateLeavesTheSourceUntouchedAndTheTargetEmpty() {
        flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.edit(Specs.with(DesiredState.Aborted));
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.mutations()).isZero();
        assertThat(flow.jobs.ran).contains(Tasks.RESET_TARGET).doesNotContain(Tasks.REOPEN_SOURCE);
        assertThat(flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).isEmpty();
    }

    @Test
    void deletingInsideTheFreezeRestoresTheSourceBeforeTheResourceGoes() {
        flow.jobs.script(Tasks.COPY_REDIS, run -> ScriptedJobs.RUNS_ON);
        var created = flow.apply(approved());
        withFinalizer(created);
        flow.until(status -> "Drain".equals(status.phase) && status.phases.getLast().jobs.stream().allMatch(job -> job.uid != null) && !status.phases.getLast().jobs.isEmpty());
        flow.client.resource(flow.read()).delete();

        Awaitility.await().until(() -> {
            var gone = flow.operator().cleanup(flow.read(), null).isRemoveFinalizer();
            flow.jobs.play();
            return gone;
        });
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(flow.jobs.ran).contains(Tasks.REOPEN_SOURCE, Tasks.RESET_TARGET);
    }

    private void untilTheTargetIsBeingOpened() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> ScriptedJobs.RUNS_ON);
        withFinalizer(flow.apply(approved()));
        flow.until(status -> "GoLive".equals(status.phase) && status.downtime.targetOpenedAt != null && flow.jobs.ran.contains(Tasks.OPEN_TARGET));
    }

    private void withFinalizer(MastodonMigration created) {
        created.addFinalizer("mastodonmigrations.mastodonmigration.dev/finalizer");
        flow.client.resource(created).update();
    }

    private void letTheRunningJobSucceed(String task) {
        var jobs = flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE);
        flow.jobs.script(task, run -> ScriptedJobs.succeeded());
        jobs.list().getItems().stream().filter(job -> job.getMetadata().getName().contains("-" + task + "-")).forEach(job -> jobs.resource(job).delete());
    }

    @Test
    void deletingWhileTheTargetOpensLetsGoOnlyWhenTheInstanceServesAgain() {
        untilTheTargetIsBeingOpened();
        flow.client.resource(flow.read()).delete();
        assertThat(flow.operator().cleanup(flow.read(), null).isRemoveFinalizer()).as("both sides are down").isFalse();
        letTheRunningJobSucceed(Tasks.OPEN_TARGET);
        Awaitility.await().until(() -> {
            var gone = flow.operator().cleanup(flow.read(), null).isRemoveFinalizer();
            flow.jobs.play();
            return gone;
        });
        assertThat(deployment("sidekiq-scheduler")).isEqualTo(1);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("Deleted") && event.contains("web=2"));
    }

    @Test
    void anEditThatIsRefusedDoesNotKeepAnOpeningTargetDown() {
        untilTheTargetIsBeingOpened();
        var spec = approved();
        flow.edit(new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), null, spec.strategy(), null, spec.cutover(), spec.soak(), spec.retire(), DesiredState.RolledBack));
        letTheRunningJobSucceed(Tasks.OPEN_TARGET);
        flow.until(status -> status.downtime.endedAt != null);
        flow.until(status -> flow.condition("Stalled").contains("RolledBack is not supported yet"));
    }

    @Test
    void deletingTheMigrationTogetherWithEverySecretStillStartsTheSourceAgain() {
        flow.jobs.script(Tasks.COPY_REDIS, run -> ScriptedJobs.RUNS_ON);
        withFinalizer(flow.apply(approved()));
        flow.until(status -> "Drain".equals(status.phase) && status.phases.getLast().jobs.size() == 2 && status.phases.getLast().jobs.stream().allMatch(job -> job.uid != null));
        for (var name : List.of("heroku", "target-redis", "target-postgres")) {
            flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).withName(name).delete();
        }
        flow.client.resource(flow.read()).delete();
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
            var gone = flow.operator().cleanup(flow.read(), null).isRemoveFinalizer();
            flow.jobs.play();
            return gone;
        });
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }

    @Test
    void aSchedulerDynoAtGoLiveIsWaitedForAndNotACauseToGoBack() {
        var dyno = new String[1];
        flow.jobs.script(Tasks.VERIFY_REDIS, run -> {
            dyno[0] = flow.heroku.app("example-web").oneOff("scheduler", "rake task");
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> "GoLive".equals(status.phase) && status.phases.getLast().message.contains(dyno[0]));
        assertThat(flow.status().downtime.targetOpenedAt).isNull();
        flow.heroku.app("example-web").endOneOff(dyno[0]);
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void theReportOfAnEvictedPodIsNotTakenForThatOfTheOneThatSucceeded() {
        flow.jobs.alsoEvicted(Tasks.VERIFY_POSTGRES, WorkerReport.retryable("evicted: half of it was compared"));
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.status().verification.postgres.rows).isEqualTo(30);
        assertThat(flow.jobs.count(Tasks.VERIFY_POSTGRES)).isEqualTo(1);
    }

    @Test
    void theWriteGateStaysWhileSomebodyRunsHerokuAgain() {
        var spec = Specs.with(new Soak("0s", null), new Retire(false, null, false, null, null));
        flow.apply(new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), null, spec.strategy(), null, new Cutover(true, null, null, null), spec.soak(), spec.retire(), null));
        flow.until(status -> "AwaitRetire".equals(status.phase));
        flow.heroku.app("example-web").formation("web", 1, "Standard-2X");
        flow.edit(new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), null, spec.strategy(), null, new Cutover(true, null, null, null), spec.soak(),
                new Retire(true, null, false, null, null), null));
        flow.until(status -> "Retire".equals(status.phase) && stalled(status));
        assertThat(flow.status().phases.getLast().message).contains("something runs there again", "web=1");
        assertThat(flow.jobs.ran).doesNotContain(Tasks.RELEASE);
    }

    @Test
    void aSourceThatCarriesAnotherMigrationsMarkerIsNotStopped() {
        flow.jobs.script(Tasks.MARK_SOURCE, run -> WorkerReport.refused("The source database belongs to migration other/one."));
        flow.apply(approved());
        flow.until(status -> "Freeze".equals(status.phase) && stalled(status));
        assertThat(flow.status().source).isNull();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }

    @Test
    void anApiServerThatRefusesJobsInsideTheFreezeIsToldAndTheSourceStartsWhenItTakesThemAgain() {
        flow.apply(approved());
        flow.until(status -> status.source != null);
        flow.refuseJobs = true;
        flow.until(status -> "StopReplication".equals(status.phase) && status.phases.getLast().attempts > 1);
        assertThat(flow.events()).anyMatch(event -> event.contains("exceeded quota"));
        flow.refuseJobs = false;
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }

    @Test
    void anApiServerThatRefusesTheWorkersOfTheFreezeIsToldAndTheClockDoesNotStart() {
        flow.jobs.script(Tasks.MARK_SOURCE, run -> {
            flow.refuseJobs = run == 1;
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> "Freeze".equals(status.phase) && status.phases.getLast().attempts > 1);
        assertThat(flow.status().source).isNull();
        assertThat(flow.mutations()).isZero();
        assertThat(flow.events()).anyMatch(event -> event.contains("exceeded quota"));
        flow.refuseJobs = false;
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    private void untilSidekiqIsBeingQuieted() {
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> ScriptedJobs.RUNS_ON);
        flow.apply(approved());
        flow.until(status -> flow.jobs.count(Tasks.QUIET_SIDEKIQ) == 1);
        assertThat(flow.mutations()).as("the source is untouched").isZero();
        assertThat(flow.status().source).as("the clock stands").isNull();
    }

    private void untilSidekiqWasStartedAgain(List<String> before) {
        flow.until(status -> status.quieting != null && status.quieting.endedAt != null);
        Awaitility.await().until(() -> flow.heroku.app("example-web").dynoIds("worker").size() == 1);
        assertThat(flow.heroku.app("example-web").dynoIds("worker")).doesNotContainAnyElementsOf(before);
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(flow.status().downtime).isNull();
        assertThat(flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).as("nobody quiets the new one")
                .noneMatch(job -> job.getMetadata().getName().contains("quiet-sidekiq"));
    }

    @Test
    void aSidekiqThatDoesNotBecomeIdleStopsTheFreezeBeforeItBegan() {
        var web = flow.heroku.app("example-web").dynoIds("web");
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> run == 1 ? WorkerReport.refused("Sidekiq process worker.1:4:ab did not become idle within 180 s.") : ScriptedJobs.succeeded());
        flow.apply(approved());
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> flow.condition("Stalled").contains("worker.1:4:ab"));
        assertThat(flow.heroku.app("example-web").dynoIds("web")).isEqualTo(web);
        flow.until(status -> status.phases.getLast().attempts > 1);
        assertThat(flow.jobs.count(Tasks.QUIET_SIDEKIQ)).as("not told again before the admin says so").isEqualTo(1);

        flow.edit(approved("1s", null));
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.QUIET_SIDEKIQ)).isEqualTo(2);
    }

    @Test
    void aWorkerThatIsKilledWhileItQuietsIsFollowedByAnother() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> run < 3 ? WorkerReport.retryable("connection reset") : ScriptedJobs.succeeded());
        flow.apply(approved());
        flow.until(status -> status.source != null);
        assertThat(flow.heroku.app("example-web").dynoIds("worker")).as("not restarted for it").isEqualTo(worker);
        assertThat(flow.jobs.count(Tasks.QUIET_SIDEKIQ)).isEqualTo(3);
    }

    @Test
    void theReasonIsNotLostWhileHerokuDoesNotRestartSidekiq() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> {
            flow.heroku.failNext(10_000, HerokuStub.Fault.UNAVAILABLE);
            return WorkerReport.refused("Sidekiq process worker.1:4:ab did not become idle within 180 s.");
        });
        flow.jobs.script(Tasks.MARK_SOURCE, run -> run == 1 ? ScriptedJobs.succeeded() : WorkerReport.refused("No other attempt may depend on this."));
        flow.apply(approved());
        flow.until(status -> "Freeze".equals(status.phase) && status.phases.getLast().attempts > 2);
        assertThat(flow.status().quieting.endedAt).isNull();
        assertThat(flow.condition("SourceFrozen")).contains("its Sidekiq is quiet");
        flow.heroku.clearFaults();
        untilSidekiqWasStartedAgain(worker);
        flow.jobs.script(Tasks.MARK_SOURCE, run -> ScriptedJobs.succeeded());
        flow.until(status -> flow.condition("Stalled").contains("worker.1:4:ab"));
        assertThat(flow.jobs.count(Tasks.QUIET_SIDEKIQ)).isEqualTo(1);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("QuietingSidekiq")).anyMatch(event -> event.startsWith("SidekiqRestarted") && event.contains("worker.1"));
    }

    @Test
    void anAbortAfterTheClockStartedAndBeforeHerokuStoppedAnythingStartsSidekiqAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        flow.apply(approved());
        flow.until(status -> status.source != null);
        assertThat(flow.mutations()).isZero();
        flow.edit(approved("0s", DesiredState.Aborted));
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        Awaitility.await().until(() -> flow.heroku.app("example-web").dynoIds("worker").size() == 1);
        assertThat(flow.heroku.app("example-web").dynoIds("worker")).doesNotContainAnyElementsOf(worker);
    }

    @Test
    void aSpecThatIsEditedWhileSidekiqIsQuietDoesNotStartTheClock() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.edit(approved("0s", DesiredState.RolledBack));
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> flow.condition("Stalled").contains("RolledBack"));
        assertThat(flow.status().source).isNull();
    }

    @Test
    void anApprovalTakenBackWhileSidekiqIsQuietStartsItAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.edit(Specs.valid());
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> flow.condition("AwaitingApproval").startsWith("True"));
        flow.jobs.script(Tasks.QUIET_SIDEKIQ, run -> ScriptedJobs.succeeded());
        flow.edit(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void anAbortWhileSidekiqIsQuietStartsItAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.edit(Specs.with(DesiredState.Aborted));
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
    }

    @Test
    void aSuspensionWhileSidekiqIsQuietStartsItAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.edit(approved("0s", DesiredState.Suspended));
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> flow.condition("Ready").contains("Suspended"));
    }

    @Test
    void aSidekiqThatHerokuDoesNotRestartIsTriedAgain() {
        var worker = flow.heroku.app("example-web").dynoIds("worker");
        untilSidekiqIsBeingQuieted();
        flow.heroku.failNext(10_000, HerokuStub.Fault.UNAVAILABLE);
        flow.edit(Specs.with(DesiredState.Aborted));
        flow.until(status -> "StopReplication".equals(status.phase) && status.phases.getLast().attempts > 1);
        assertThat(flow.status().quieting.endedAt).isNull();
        flow.heroku.clearFaults();
        untilSidekiqWasStartedAgain(worker);
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
    }

    @Test
    void theWorkersOfTheFreezeStandByBeforeTheClockStartsAndDoNothingBeforeTheyAreAsked() {
        flow.jobs.held.add(Tasks.OPEN_TARGET);
        flow.apply(approved());
        flow.until(status -> "Freeze".equals(status.phase) && status.phases.getLast().message.contains("0/3 nodes are available"));
        assertThat(flow.jobs.started).containsExactlyInAnyOrder(Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET);
        assertThat(flow.mutations()).as("the source is untouched").isZero();
        assertThat(flow.status().downtime).isNull();
        assertThat(flow.jobs.ran).doesNotContain(Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET);
        assertThat(flow.status().standby.jobs).extracting(job -> job.standbyEpoch).as("the target is opened in the next epoch").containsExactly(1L, 2L);

        flow.edit(Specs.with(DesiredState.Aborted));
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).noneMatch(job -> job.getMetadata().getName().contains("-standby-"));
        assertThat(flow.mutations()).isZero();
        assertThat(flow.jobs.ran).doesNotContain(Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET);
    }

    @Test
    void aWorkerOnStandbyThatVanishesInTheFreezeIsFollowedByAnOrdinaryOne() {
        var run = flow.heroku.app("example-web").oneOff("run", "rails console");
        flow.apply(approved());
        flow.until(status -> status.downtime != null);
        var jobs = flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE);
        jobs.list().getItems().stream().filter(job -> job.getMetadata().getName().contains("-standby-")).forEach(job -> jobs.resource(job).delete());
        flow.heroku.app("example-web").endOneOff(run);
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.ran).containsExactlyInAnyOrderElementsOf(ScriptedJobs.everyTask());
        assertThat(flow.status().phases).allSatisfy(phase -> assertThat(phase.attempts).as(phase.name).isEqualTo(1));
    }

    @Test
    void aWorkerOnStandbyThatFailsIsFollowedByAnOrdinaryOne() {
        flow.jobs.script(Tasks.CLOSE_SOURCE, run -> run == 1 ? WorkerReport.retryable("connection reset") : ScriptedJobs.succeeded());
        flow.jobs.script(Tasks.OPEN_TARGET, run -> run == 1 ? WorkerReport.retryable("connection reset") : ScriptedJobs.succeeded());
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.CLOSE_SOURCE)).isEqualTo(2);
        assertThat(flow.jobs.count(Tasks.OPEN_TARGET)).isEqualTo(2);
        assertThat(flow.status().phases).allSatisfy(phase -> assertThat(phase.attempts).as(phase.name).isEqualTo(1));
    }

    @Test
    void aWorkerOnStandbyThatDoesNotHearIsFollowedByAnOrdinaryOne() {
        flow.jobs.script(Tasks.VERIFY_REDIS, run -> {
            flow.jobs.silence(Tasks.OPEN_TARGET);
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.OPEN_TARGET)).isEqualTo(1);
        assertThat(flow.status().phases.stream().filter(phase -> phase.name.equals("GoLive")).findFirst().orElseThrow().jobs).extracting(job -> job.task).contains(Tasks.OPEN_TARGET);
    }

    @Test
    void theTargetIsNotOpenedBeforeThatIsWrittenDown() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> {
            assertThat(flow.status().downtime.targetOpenedAt).isNotNull();
            assertThat(flow.status().epoch).isEqualTo(2);
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(Tasks.OPEN_TARGET)).isEqualTo(1);
        assertThat(flow.status().downtime.targetWritableAt).isNotNull();
    }

    @Test
    void aResourceCreatedAgainUnderTheSameNameStartsAnew() {
        flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        var jobsOfTheFirst = flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).list().getItems().stream().map(job -> job.getMetadata().getName()).toList();
        flow.client.resource(flow.read()).delete();
        var again = flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase) || stalled(status));

        assertThat(flow.condition("Stalled")).as("its own Deployments are another migration's").contains("was not made by this migration");
        assertThat(flow.status().phases.getFirst().jobs).noneMatch(job -> jobsOfTheFirst.contains(job.name));
        assertThat(flow.jobs.count(Tasks.PREFLIGHT)).isEqualTo(2);
        assertThat(again.getMetadata().getUid()).isNotNull();
    }

    @Test
    void suspendedNothingBegins() {
        flow.apply(Specs.with(DesiredState.Suspended));
        flow.until(status -> flow.condition("Ready").contains("Suspended"));
        assertThat(flow.jobs.ran).isEmpty();
        flow.edit(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase));
    }

    @Test
    void theYoungerOfTwoMigrationsOfOneSourceIsRefused() {
        flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.apply("second", Specs.valid());
        flow.until("second", MigrationFlowTest::stalled);
        assertThat(flow.read("second").getStatus().phases.getLast().message).contains("MastodonMigration example-social already migrates Heroku app example-web");
    }

    @Test
    void badInputsStallWithOneMessageThatNamesThemAllAndTheSourceUntouched() {
        flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).withName("target-redis").delete();
        flow.secret("target-postgres", "uri", "postgres://elsewhere");
        flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).withName("target-postgres").edit(secret -> {
            secret.getData().remove("url");
            return secret;
        });
        flow.heroku.app("example-web").config(Map.of("REDIS_NAMESPACE", "cache", "SELF_DESTRUCT", "yes"));
        flow.heroku.app("example-web").config("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", null);
        flow.apply(approved());
        flow.until(MigrationFlowTest::stalled);

        assertThat(flow.status().phases.getLast().message)
                .contains("Secret mastodon/target-redis does not exist", "Secret mastodon/target-postgres has no key \"url\"", "REDIS_NAMESPACE", "SELF_DESTRUCT", "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY");
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(WEB_FORMATION);
    }

    @Test
    void aTokenThatHerokuRefusesStallsAndSaysWhichAppAndNeverTheToken() {
        flow.secret("heroku", "token", "wrong-token-value");
        flow.apply(approved());
        flow.until(MigrationFlowTest::stalled);
        assertThat(flow.status().phases.getLast().message).contains("example-web").contains("token").doesNotContain("wrong-token-value");
    }

    @Test
    void anAppThatDoesNotExistStallsAndNamesIt() {
        flow.apply(Specs.with(Specs.source("no-such-app"), Specs.target(new Existing(new SecretKeyRef("target-postgres", "url")))));
        flow.until(MigrationFlowTest::stalled);
        assertThat(flow.status().phases.getLast().message).contains("no-such-app");
    }

    @Test
    void whatTheWorkersFindInTheDatabasesIsToldTogetherWithTheRest() {
        flow.jobs.script(Tasks.PREFLIGHT, run -> WorkerReport.refused("The target database is not empty: it has 3 relations, such as public.accounts."));
        flow.heroku.app("example-web").config("SELF_DESTRUCT", "yes");
        flow.apply(approved());
        flow.until(MigrationFlowTest::stalled);
        assertThat(flow.status().phases.getLast().message).contains("SELF_DESTRUCT", "The target database is not empty");
        assertThat(flow.condition("Stalled")).startsWith("True");
    }

    @Test
    void noSecretReachesStatusEventsOrJobs() {
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        var everythingReadable = flow.read().toString() + flow.events() + flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).list()
                + flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).list();
        assertThat(everythingReadable).doesNotContain("p4ss", "s3cr3t-base", flow.heroku.token());
    }

    private static boolean stalled(MastodonMigrationStatus status) {
        return !status.phases.isEmpty() && status.phases.getLast().state == MastodonMigrationStatus.PhaseState.Stalled;
    }

    private int deployment(String part) {
        return flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).withName(MigrationFlow.NAME + "-" + part).get().getSpec().getReplicas();
    }
}
