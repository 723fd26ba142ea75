package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The target opens once, while the source is proved stopped, and nothing goes back by itself from then on. */
class GoLiveFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    private void untilTheTargetIsBeingOpened() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> ScriptedJobs.RUNS_ON);
        flow.applyWithFinalizer(approved());
        flow.until(status -> "GoLive".equals(status.phase) && status.downtime.targetOpenedAt != null && flow.jobs.ran.contains(Tasks.OPEN_TARGET));
    }

    private void letTheRunningJobSucceed(String task) {
        var jobs = flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE);
        flow.jobs.script(task, run -> ScriptedJobs.succeeded());
        jobs.list().getItems().stream().filter(job -> job.getMetadata().getName().contains("-" + task + "-")).forEach(job -> jobs.resource(job).delete());
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
    void aSourceThatSomebodyStartedAgainKeepsTheTargetClosed() {
        flow.jobs.script(Tasks.VERIFY_REDIS, run -> {
            flow.heroku.app("example-web").formation("web", 1, "Standard-2X");
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.status().downtime.targetOpenedAt).isNull();
        assertThat(flow.jobs.ran).doesNotContain(Tasks.OPEN_TARGET);
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
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
    void afterTheTargetOpenedAFailureStallsAndHerokuStaysStopped() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> WorkerReport.refused("The target's marker is gone."));
        flow.apply(approved());
        flow.until(status -> status.phases.stream().anyMatch(phase -> phase.name.equals("GoLive") && phase.state == MastodonMigrationStatus.PhaseState.Stalled));

        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.STOPPED);
        assertThat(flow.heroku.app("example-web").maintenance()).isTrue();
        assertThat(flow.condition("Stalled")).contains("Heroku was not restarted");
        flow.jobs.script(Tasks.OPEN_TARGET, run -> ScriptedJobs.succeeded());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void whatWasFoundWhenTheTargetOpenedIsTold() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> WorkerReport.succeeded("open.", Map.of(), List.of("2 jobs came late.")));
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.events()).anyMatch(event -> event.contains("2 jobs came late."));
    }

    @Test
    void anEditThatIsRefusedDoesNotKeepAnOpeningTargetDown() {
        untilTheTargetIsBeingOpened();
        flow.edit(new FlowSpec().state(DesiredState.RolledBack).spec());
        letTheRunningJobSucceed(Tasks.OPEN_TARGET);
        flow.until(status -> status.downtime.endedAt != null);
        flow.until(status -> flow.condition("Stalled").contains("RolledBack is not supported yet"));
    }

    @Test
    void deletingWhileTheTargetOpensLetsGoOnlyWhenTheInstanceServesAgain() {
        untilTheTargetIsBeingOpened();
        flow.client.resource(flow.read()).delete();
        flow.operator().cleanup(flow.read(), null);
        assertThat(flow.read()).as("kept while both sides are down").isNotNull();
        letTheRunningJobSucceed(Tasks.OPEN_TARGET);
        flow.untilTheFinalizerGoes();
        assertThat(flow.replicas("sidekiq-scheduler")).isEqualTo(1);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("Deleted") && event.contains("web=2"));
    }
}
