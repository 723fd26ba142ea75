package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The source is stopped only by its own migration, and started again by whatever goes wrong before the target opens. */
class FreezeFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    @Test
    void aSourceThatCarriesAnotherMigrationsMarkerIsNotStopped() {
        flow.jobs.script(Tasks.MARK_SOURCE, run -> WorkerReport.refused("The source database belongs to migration other/one."));
        flow.apply(approved());
        flow.until(status -> "Replicate".equals(status.phase) && MigrationFlow.stalled(status));
        assertThat(flow.condition("Stalled")).contains("belongs to migration other/one");
        assertThat(flow.status().source).isNull();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }

    @Test
    void aOneOffDynoIsLockedOutOfTheDatabaseAndHoldsTheFreezeUpUntilItEnds() {
        var run = flow.heroku.app("example-web").oneOff("run", "rails console");
        flow.apply(approved());
        flow.until(status -> flow.says("Drain", run) && flow.jobs.ran.contains(Tasks.COPY_POSTGRES));
        assertThat(flow.phase("Drain").message).contains("spec.cutover.stopOneOffDynos");
        assertThat(flow.jobs.ran).as("the gate is the lock, and Redis has none").contains(Tasks.CLOSE_SOURCE).doesNotContain(Tasks.COPY_REDIS);
        flow.heroku.app("example-web").endOneOff(run);
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void whatAStepDidIsNotDoneBeforeItsEnd() {
        flow.apply(approved());
        flow.until(status -> status.source != null);
        var slow = Duration.ofMillis(300);
        flow.heroku.slowness(slow);
        flow.heroku.failNext(1, HerokuStub.Fault.SLOW);
        var begun = Instant.now();
        flow.until(status -> status.source.stoppedAt != null);
        assertThat(Instant.parse(flow.status().downtime.startedAt)).isBefore(begun);
        assertThat(Instant.parse(flow.status().source.stoppedAt)).isAfterOrEqualTo(begun.plus(slow));
        assertThat(Instant.parse(flow.phase("StopSource").finishedAt)).isAfterOrEqualTo(begun.plus(slow));
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
    void aFailureInsideTheFreezeRestoresTheSourceAndLeavesNothingBehind() {
        flow.jobs.script(Tasks.VERIFY_POSTGRES, run -> WorkerReport.refused("Table public.statuses differs in 1 row: id 42."));
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));

        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-streaming").formation()).isEqualTo(Map.of("web", 1));
        assertThat(flow.events()).anyMatch(event -> event.startsWith("SourceSaved") && event.contains("example-web (web=2, worker=1, maintenance off)"));
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(flow.status().downtime.finishedAt).isNotNull();
        assertThat(flow.jobs.ran).contains(Tasks.REOPEN_SOURCE, Tasks.RESET_TARGET).doesNotContain(Tasks.OPEN_TARGET);
        assertThat(flow.jobs.ran.indexOf(Tasks.REOPEN_SOURCE)).isLessThan(flow.jobs.ran.indexOf(Tasks.RESET_TARGET));
        assertThat(flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).isEmpty();
        assertThat(flow.condition("Stalled")).contains("public.statuses differs").contains("delete this MastodonMigration and create another");
        assertThat(flow.events()).anyMatch(event -> event.startsWith("GoingBack") && event.contains("public.statuses differs"));
    }

    /** The router then has an error for users instead of the page, and nobody to take a request: what stops the source is that nothing of it runs, and the gate. */
    @Test
    void maintenanceThatSomebodyEndsInsideTheFreezeLetsNobodyIn() {
        var web = flow.heroku.app("example-web");
        flow.jobs.script(Tasks.VERIFY_REDIS, run -> {
            web.maintenance(false);
            assertThat(web.aliveDynos()).isEmpty();
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(web.aliveDynos()).isEmpty();
        assertThat(web.formation()).isEqualTo(MigrationFlow.STOPPED);
        assertThat(flow.jobs.ran).containsSubsequence(Tasks.CLOSE_SOURCE, Tasks.VERIFY_REDIS, Tasks.OPEN_TARGET).doesNotContain(Tasks.REOPEN_SOURCE);
        assertThat(flow.status().phases).allSatisfy(phase -> assertThat(phase.attempts).as(phase.name).isEqualTo(1));
    }

    @Test
    void goingBackMaintenanceIsAsItWasBeforeWhateverSomebodyMadeOfIt() {
        var streaming = flow.heroku.app("example-streaming");
        streaming.maintenance(true);
        flow.jobs.script(Tasks.VERIFY_POSTGRES, run -> {
            flow.heroku.app("example-web").maintenance(false);
            streaming.maintenance(false);
            return WorkerReport.refused("Table public.statuses differs in 1 row: id 42.");
        });
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(streaming.maintenance()).as("as the admin had it before the freeze").isTrue();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
    }

    @Test
    void anApiServerThatRefusesJobsInsideTheFreezeIsToldAndTheSourceStartsWithoutOne() {
        flow.apply(approved());
        flow.until(status -> status.source != null);
        flow.refuseJobs();
        flow.until(status -> "Abort".equals(status.itinerary) && status.downtime.finishedAt != null);
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(flow.jobs.ran).as("what stood by for it").contains(Tasks.REOPEN_SOURCE);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("GoingBack") && event.contains("exceeded quota"));
        flow.admitJobs();
        // An edit brings the next attempt forward.
        flow.edit(new FlowSpec().soak("1s").spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
    }

    @Test
    void theOperatorOpensTheSourceItselfWhereNoPodCanBeHad() {
        flow.apply(approved());
        flow.until(status -> "Drain".equals(status.phase));
        flow.refuseJobs();
        flow.jobsThatAreLeft().forEach(job -> flow.client.resource(job).delete());
        flow.until(status -> "Abort".equals(status.itinerary) && status.downtime.finishedAt != null);
        assertThat(flow.jobs.ranHere).contains(Tasks.REOPEN_SOURCE);
        assertThat(flow.jobs.ran).doesNotContain(Tasks.REOPEN_SOURCE);
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }

    @Test
    void aHerokuThatFailsTwiceInsideTheFreezeEndsNothing() {
        flow.apply(approved());
        flow.until(status -> status.downtime != null);
        flow.heroku.failNext(2, HerokuStub.Fault.UNAVAILABLE);
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.status().phases).allSatisfy(phase -> assertThat(phase.attempts).as(phase.name).isEqualTo(1));
    }

    @Test
    void aHerokuThatIsAwayInsideTheFreezeIsToldOnceAndWaitedFor() {
        flow.jobs.script(Tasks.CLOSE_SOURCE, run -> {
            flow.heroku.failNext(10_000, HerokuStub.Fault.UNAVAILABLE);
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> flow.isBlocked("Drain"));
        flow.look();
        flow.heroku.clearFaults();
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.phase("Drain").attempts).isEqualTo(1);
        assertThat(flow.events()).filteredOn(event -> event.startsWith("Waiting")).singleElement().asString().contains("Drain", "Heroku");
    }

    @Test
    void anInstanceThatIsDownForLongerThanAllowedIsRestored() {
        flow.jobs.script(Tasks.COPY_REDIS, run -> ScriptedJobs.RUNS_ON);
        flow.apply(new FlowSpec().maxDowntime("3s").withoutRehearsal().spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.status().reason).contains("strategy.maxDowntime", "Drain", "copy-redis");
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
    }
}
