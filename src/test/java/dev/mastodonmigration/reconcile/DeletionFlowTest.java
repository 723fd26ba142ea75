package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A resource that is deleted goes once its instance serves again, and one that is created anew knows nothing of it. */
class DeletionFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    @Test
    void deletingInsideTheFreezeRestoresTheSourceBeforeTheResourceGoes() {
        flow.jobs.script(Tasks.COPY_REDIS, run -> ScriptedJobs.RUNS_ON);
        flow.applyWithFinalizer(approved());
        flow.until(status -> "Drain".equals(status.phase) && status.phases.getLast().jobs.stream().allMatch(job -> job.uid != null) && !status.phases.getLast().jobs.isEmpty());
        flow.client.resource(flow.read()).delete();

        flow.untilTheFinalizerGoes();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(flow.jobs.ran).contains(Tasks.REOPEN_SOURCE, Tasks.RESET_TARGET);
    }

    @Test
    void deletingTheMigrationTogetherWithEverySecretStillStartsTheSourceAgain() {
        flow.jobs.script(Tasks.COPY_REDIS, run -> ScriptedJobs.RUNS_ON);
        flow.applyWithFinalizer(approved());
        flow.until(status -> "Drain".equals(status.phase) && status.phases.getLast().jobs.size() == 2 && status.phases.getLast().jobs.stream().allMatch(job -> job.uid != null));
        for (var name : List.of("heroku", "target-redis", "target-postgres")) {
            flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).withName(name).delete();
        }
        flow.client.resource(flow.read()).delete();
        flow.untilTheFinalizerGoes();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
    }

    @Test
    void deletingWhileSidekiqHasMorePodsForAWhileLeavesItsUsualNumber() {
        flow.applyWithFinalizer(SidekiqBurstPlayedTest.spec(PlayedSpec.soak(approved(), "72h")));
        flow.until(status -> "Soak".equals(status.phase));
        assertThat(sidekiq().getSpec().getReplicas()).isEqualTo(6);
        flow.client.resource(flow.read()).delete();
        flow.untilTheFinalizerGoes();
        assertThat(sidekiq().getSpec().getReplicas()).isEqualTo(2);
    }

    private Deployment sidekiq() {
        return flow.client.apps().deployments().inNamespace(MigrationFlow.NAMESPACE).withName("example-social-sidekiq-default").require();
    }

    @Test
    void aResourceCreatedAgainUnderTheSameNameStartsAnew() {
        flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        var jobsOfTheFirst = flow.client.batch().v1().jobs().inNamespace(MigrationFlow.NAMESPACE).list().getItems().stream().map(job -> job.getMetadata().getName()).toList();
        flow.client.resource(flow.read()).delete();
        var again = flow.apply(Specs.valid());
        flow.until(status -> "AwaitCutover".equals(status.phase) || MigrationFlow.stalled(status));

        assertThat(flow.condition("Stalled")).as("its own Deployments are another migration's").contains("was not made by this migration");
        assertThat(flow.status().phases.getFirst().jobs).noneMatch(job -> jobsOfTheFirst.contains(job.name));
        assertThat(flow.jobs.count(Tasks.PREFLIGHT)).isEqualTo(2);
        assertThat(again.getMetadata().getUid()).isNotNull();
    }
}
