package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.FlowSpec.approved;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.WorkerReport;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The instance's own images are tested before the gate, and what they say is told in their words. */
class SmokeTestFlowTest {
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();

    @Test
    void anImageThatDoesNotFitTheDatabaseStallsInItsOwnWordsAndTheSourceIsUntouched() {
        flow.jobs.script(ScriptedJobs.SMOKE_TEST, run -> run == 1 ? WorkerReport.refused("2 migrations are pending: 20260101000000, 20260102000000.") : ScriptedJobs.succeeded());
        flow.apply(approved());
        flow.until(status -> "SmokeTest".equals(status.phase) && MigrationFlow.stalled(status));
        assertThat(flow.condition("Stalled")).contains("2 migrations are pending: 20260101000000, 20260102000000.", "kubectl logs job/" + MigrationFlow.NAME + "-smoke-web-");
        assertThat(flow.mutations()).isZero();
        assertThat(flow.jobsThatAreLeft()).as("the one whose log is pointed at").extracting(job -> job.getMetadata().getName()).anyMatch(name -> name.startsWith(MigrationFlow.NAME + "-smoke-web-"));
        flow.until(status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(flow.jobs.count(ScriptedJobs.SMOKE_TEST)).isEqualTo(2);
    }

    @Test
    void aStreamingImageThatReachesNoRedisStallsInItsOwnWords() {
        flow.jobs.script(ScriptedJobs.SMOKE_TEST_OF_STREAMING, run -> WorkerReport.refused("Redis does not answer."));
        flow.apply(approved());
        flow.until(status -> "SmokeTest".equals(status.phase) && MigrationFlow.stalled(status));
        assertThat(flow.condition("Stalled")).contains("Redis does not answer.");
    }

    @Test
    void credentialsThatRotateAtTheGateAreRolledOutAndTestedAgain() {
        flow.apply(Specs.valid());
        flow.until(status -> flow.isWaitingForApproval());
        var tested = flow.status().internal.deployed.testedRevision;
        flow.secret("target-redis", "url", "redis://:rotated@127.0.0.1:4");
        flow.edit(approved());
        flow.until(status -> "StandBy".equals(status.phase));
        assertThat(flow.status().internal.deployed.testedRevision).isNotEqualTo(tested);
        assertThat(flow.jobs.count(ScriptedJobs.SMOKE_TEST)).isEqualTo(2);
    }
}
