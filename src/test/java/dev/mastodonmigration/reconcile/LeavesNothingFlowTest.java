package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Whichever way a migration ends, no Job and no credential of ours is left, and nothing is told twice. */
class LeavesNothingFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    @Test
    void aMigrationThatCompletesLeavesNoJobAndNoCredentials() {
        flow.jobs.script(Tasks.OPEN_TARGET, run -> {
            assertThat(flow.secretsOfOurs()).as("what going back needs is kept until then").hasSize(2);
            return ScriptedJobs.succeeded();
        });
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.secretsOfOurs()).isEmpty();
        assertThat(flow.jobsThatAreLeft()).isEmpty();
    }

    @Test
    void aMigrationThatWentBackLeavesNoJobAndNoCredentials() {
        flow.jobs.script(Tasks.COPY_REDIS, run -> ScriptedJobs.RUNS_ON);
        flow.apply(approved());
        flow.until(status -> "Drain".equals(status.phase) && flow.jobs.ran.contains(Tasks.COPY_REDIS));
        assertThat(flow.secretsOfOurs()).hasSize(2);
        flow.edit(new FlowSpec().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.secretsOfOurs()).isEmpty();
        assertThat(flow.jobsThatAreLeft()).isEmpty();
    }

    @Test
    void aMigrationThatIsAbortedInPreflightEndsAndIsToldOnce() {
        flow.jobs.script(Tasks.PREFLIGHT, run -> ScriptedJobs.RUNS_ON);
        flow.apply(Specs.valid());
        flow.until(status -> "Preflight".equals(status.phase) && flow.jobs.ran.contains(Tasks.PREFLIGHT));
        flow.edit(Specs.with(DesiredState.Aborted));
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        for (int i = 0; i < 20; i++) {
            flow.look();
        }
        assertThat(flow.events()).doesNotHaveDuplicates().filteredOn(event -> event.startsWith("GoingBack")).hasSize(1);
        assertThat(flow.events()).as("begun, and gone back").hasSize(2);
        assertThat(flow.mutations()).isZero();
        assertThat(flow.jobsThatAreLeft()).isEmpty();
        assertThat(flow.secretsOfOurs()).isEmpty();
    }

    /** Preflight's worker has ended, and its Secret is there. */
    @Test
    void aMigrationThatIsAbortedBetweenTwoPhasesLeavesNoCredentials() {
        flow.apply(approved());
        flow.until(status -> "Provision".equals(status.phase));
        assertThat(flow.record("Provision")).as("not begun yet").isEmpty();
        assertThat(flow.secretsOfOurs()).isNotEmpty();
        flow.edit(new FlowSpec().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.secretsOfOurs()).isEmpty();
        assertThat(flow.jobsThatAreLeft()).isEmpty();
    }

    @Test
    void aWholeMigrationTellsNothingTwice() {
        flow.apply(approved());
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        var told = flow.events();
        for (int i = 0; i < 10; i++) {
            flow.look();
        }
        assertThat(flow.events()).hasSameSizeAs(told).doesNotHaveDuplicates();
    }
}
