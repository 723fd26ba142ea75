package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Events are best effort: where none can be written, nothing stops for it. */
class UntoldFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    private void refuseEvents() {
        flow.server.refuse("events", "unable to create new content in namespace mastodon because it is being terminated");
    }

    @Test
    void aMigrationWhoseEventsAreRefusedCompletes() {
        refuseEvents();
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.events()).isEmpty();
    }

    @Test
    void aMigrationThatIsDeletedInsideTheFreezeGoesWithoutEvents() {
        flow.jobs.script(Tasks.COPY_REDIS, run -> ScriptedJobs.RUNS_ON);
        flow.applyWithFinalizer(approved());
        flow.until(status -> "Drain".equals(status.phase) && flow.jobs.ran.contains(Tasks.COPY_REDIS));
        refuseEvents();
        flow.client.resource(flow.read()).delete();
        flow.untilTheFinalizerGoes();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
    }

    @Test
    void aMigrationThatIsDeletedWhileItSoaksGoesWithoutEvents() {
        flow.applyWithFinalizer(new FlowSpec().soak("1h").spec());
        flow.until(status -> "Soak".equals(status.phase));
        refuseEvents();
        flow.client.resource(flow.read()).delete();
        flow.untilTheFinalizerGoes();
    }

    /** No pod, no Job, and the admin's own Secrets are gone: what going back needs is ours and stays until it was used. */
    @Test
    void aNamespaceThatTerminatesInsideTheFreezeGoesWhenTheSourceRunsAgain() {
        flow.jobs.script(Tasks.COPY_REDIS, run -> ScriptedJobs.RUNS_ON);
        flow.applyWithFinalizer(approved());
        flow.until(status -> "Drain".equals(status.phase) && flow.jobs.ran.contains(Tasks.COPY_REDIS));
        flow.client.namespaces().withName(MigrationFlow.NAMESPACE).delete();
        flow.untilTheFinalizerGoes();
        assertThat(flow.heroku.app("example-web").formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(flow.heroku.app("example-web").maintenance()).isFalse();
        assertThat(flow.jobs.ranHere).as("by the operator itself").contains(Tasks.REOPEN_SOURCE);
        assertThat(flow.client.namespaces().withName(MigrationFlow.NAMESPACE).get()).as("nothing of ours keeps the namespace").isNull();
    }

    @Test
    void aNamespaceThatTerminatesIsNotKeptByAMigrationThatSoaks() {
        flow.applyWithFinalizer(new FlowSpec().soak("1h").spec());
        flow.until(status -> "Soak".equals(status.phase));
        flow.client.namespaces().withName(MigrationFlow.NAMESPACE).delete();
        flow.untilTheFinalizerGoes();
        assertThat(flow.client.namespaces().withName(MigrationFlow.NAMESPACE).get()).isNull();
    }

    @Test
    void aNamespaceThatTerminatesIsNotKeptByAMigrationThatHasBarelyBegun() {
        flow.jobs.script(Tasks.PREFLIGHT, run -> ScriptedJobs.RUNS_ON);
        flow.applyWithFinalizer(Specs.valid());
        flow.until(status -> "Preflight".equals(status.phase) && flow.jobs.ran.contains(Tasks.PREFLIGHT));
        flow.client.namespaces().withName(MigrationFlow.NAMESPACE).delete();
        flow.untilTheFinalizerGoes();
        assertThat(flow.client.namespaces().withName(MigrationFlow.NAMESPACE).get()).isNull();
    }
}
