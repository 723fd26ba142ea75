package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
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
        flow.until(status -> "Freeze".equals(status.phase) && MigrationFlow.stalled(status));
        assertThat(flow.status().source).isNull();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
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
        assertThat(flow.status().downtime.endedAt).isNotNull();
        assertThat(flow.jobs.ran).contains(Tasks.REOPEN_SOURCE, Tasks.RESET_TARGET).doesNotContain(Tasks.OPEN_TARGET);
        assertThat(flow.jobs.ran.indexOf(Tasks.REOPEN_SOURCE)).isLessThan(flow.jobs.ran.indexOf(Tasks.RESET_TARGET));
        assertThat(flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).list().getItems()).isEmpty();
        assertThat(flow.condition("Stalled")).contains("public.statuses differs").contains("delete this MastodonMigration and create another");
        assertThat(flow.events()).anyMatch(event -> event.startsWith("RestoringSource") && event.contains("public.statuses differs"));
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
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }
}
