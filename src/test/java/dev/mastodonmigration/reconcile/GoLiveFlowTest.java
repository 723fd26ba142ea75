package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.probe.Endpoint;
import dev.mastodonmigration.probe.UserProbe;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.net.URI;
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
            assertThat(flow.status().internal.epoch).isEqualTo(2);
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
        flow.until(status -> flow.says("GoLive", dyno[0]));
        assertThat(flow.status().downtime.targetOpenedAt).isNull();
        flow.heroku.app("example-web").endOneOff(dyno[0]);
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    @Test
    void aTargetThatCannotBeOpenedIsNotAndTheSourceServesAgain() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> WorkerReport.refused("The target's marker is gone."));
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.jobs.ran).containsSubsequence(Tasks.OPEN_TARGET, Tasks.WITHDRAW_OPENING, Tasks.REOPEN_SOURCE, Tasks.RESET_TARGET);
        assertThat(flow.status().internal.epoch).as("nobody of an older epoch opens it any more").isEqualTo(3);
        assertThat(flow.status().reason).contains("The target's marker is gone.");
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }

    @Test
    void anOpeningThatIsAbortedTooLateGoesOnAndTheSourceStaysStopped() {
        untilTheTargetIsBeingOpened();
        flow.jobs.script(Tasks.WITHDRAW_OPENING, run -> WorkerReport.succeeded("it was open.", Map.of(Figure.OPENED, 1L)));
        flow.jobs.script(Tasks.OPEN_TARGET, run -> ScriptedJobs.succeeded());
        flow.edit(new FlowSpec().state(DesiredState.Aborted).soak("1h").spec());
        flow.until(status -> "Housekeeping".equals(status.phase));
        assertThat(flow.status().downtime.targetWritableAt).isNotNull();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.STOPPED);
        assertThat(flow.jobs.ran).doesNotContain(Tasks.REOPEN_SOURCE);
        assertThat(flow.replicas("sidekiq-scheduler")).isEqualTo(1);
        flow.until(status -> status.findings.stream().anyMatch(finding -> finding.id.equals(Report.ABORT_REFUSED)));
        flow.edit(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.status().findings).noneMatch(finding -> finding.id.equals(Report.ABORT_REFUSED));
    }

    @Test
    void afterTheTargetTookWritesAFailureStallsAndHerokuStaysStopped() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> {
            replaceByAForeignOne(MigrationFlow.NAME + "-sidekiq-default");
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> flow.condition("Stalled").startsWith("True") && "GoLive".equals(status.phase));
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.STOPPED);
        assertThat(flow.heroku.app("example-web").maintenance()).isTrue();
        assertThat(flow.condition("Stalled")).contains("was not made by this migration", "the source was not restarted");
        flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).withName(MigrationFlow.NAME + "-sidekiq-default").delete();
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.replicas("sidekiq-default")).isEqualTo(2);
    }

    private void replaceByAForeignOne(String name) {
        var deployments = flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE);
        var foreign = new DeploymentBuilder(deployments.withName(name).get()).editMetadata().withLabels(Map.of("of", "somebody")).withOwnerReferences().withResourceVersion(null).withUid(null)
                .endMetadata().withStatus(null).build();
        deployments.withName(name).delete();
        deployments.resource(foreign).create();
    }

    @Test
    void aTargetWhosePodsFellOverIsNotOpenedBeforeTheyAreReady() {
        flow.jobs.script(Tasks.VERIFY_REDIS, run -> {
            flow.jobs.late.add("-web");
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> flow.says("GoLive", "could not serve"));
        flow.look();
        assertThat(flow.status().downtime.targetOpenedAt).isNull();
        flow.jobs.late.clear();
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
    void aTargetThatDoesNotAnswerUsersYetIsToldAndNothingIsTakenBack() {
        flow.probes.broken.put(UserProbe.PUBLIC_TIMELINE, "The public timeline is answered with 500.");
        flow.apply(approved());
        flow.until(status -> flow.says("GoLive", "Not everything answers users yet: The public timeline is answered with 500."));
        flow.look();
        assertThat(flow.status().downtime.finishedAt).as("the clock has stopped").isNotNull();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.STOPPED);
        assertThat(flow.probes.asked).last().isEqualTo(new Endpoint(URI.create("http://example-social-web.mastodon.svc:3000"), URI.create("http://example-social-streaming.mastodon.svc:4000")));
        flow.probes.broken.clear();
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.phase("GoLive").message).contains("and answer what users ask");
        assertThat(flow.status().findings).noneMatch(finding -> finding.id.startsWith("probe-"));
    }

    @Test
    void anEditThatIsRefusedDoesNotKeepAnOpeningTargetDown() {
        untilTheTargetIsBeingOpened();
        flow.edit(new FlowSpec().state(DesiredState.RolledBack).spec());
        letTheRunningJobSucceed(Tasks.OPEN_TARGET);
        flow.until(status -> status.downtime.finishedAt != null);
        flow.until(status -> flow.condition("Stalled").contains("RolledBack is not supported yet"));
    }

    @Test
    void deletingWhileTheTargetOpensGoesBackWhereItHasNotOpened() {
        untilTheTargetIsBeingOpened();
        flow.client.resource(flow.read()).delete();
        flow.operator().cleanup(flow.read(), null);
        assertThat(flow.read()).as("kept while both sides are down").isNotNull();
        flow.untilTheFinalizerGoes();
        assertThat(flow.jobs.ran).containsSubsequence(Tasks.WITHDRAW_OPENING, Tasks.REOPEN_SOURCE);
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }

    @Test
    void deletingWhileTheTargetOpensLetsGoOnlyWhenTheInstanceServesWhereItHasOpened() {
        untilTheTargetIsBeingOpened();
        flow.jobs.script(Tasks.WITHDRAW_OPENING, run -> WorkerReport.succeeded("it was open.", Map.of(Figure.OPENED, 1L)));
        flow.jobs.script(Tasks.OPEN_TARGET, run -> ScriptedJobs.succeeded());
        flow.client.resource(flow.read()).delete();
        flow.untilTheFinalizerGoes();
        assertThat(flow.replicas("sidekiq-scheduler")).isEqualTo(1);
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.STOPPED);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("Deleted") && event.contains("web=2"));
    }
}
