package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkerJobTest {
    private static final int LONGEST_LABEL = 63;

    @Test
    void replicationIsSpreadOverPodsOfOneHandEachAndADeadPodEndsNeitherTheJobNorTheOthers() {
        var job = job("example-social", Tasks.REPLICATE_POSTGRES);
        assertThat(job.getSpec().getCompletionMode()).isEqualTo("Indexed");
        assertThat(job.getSpec().getCompletions()).isEqualTo(2).isEqualTo(job.getSpec().getParallelism());
        assertThat(environment(job)).contains("MIGRATION_PARALLELISM=1");
        assertThat(job.getSpec().getBackoffLimitPerIndex()).isGreaterThan(10);
        assertThat(job.getSpec().getBackoffLimit()).isGreaterThanOrEqualTo(2 * job.getSpec().getBackoffLimitPerIndex());
    }

    @Test
    void everyOtherTaskHasOnePodThatIsTriedOnce() {
        var job = job("example-social", Tasks.COPY_POSTGRES);
        assertThat(job.getSpec().getCompletionMode()).isNull();
        assertThat(job.getSpec().getBackoffLimit()).isZero();
        assertThat(environment(job)).contains("MIGRATION_PARALLELISM=2");
    }

    @Test
    void aWorkerKnowsWhichQueuesTheTargetServes() {
        assertThat(environment(job("example-social", Tasks.PREFLIGHT))).contains("MIGRATION_SIDEKIQ_QUEUES=default,push,scheduler");
    }

    @Test
    void anEvictionIsNoFailureAndARefusalEndsTheJob() {
        var rules = job("example-social", Tasks.REPLICATE_POSTGRES).getSpec().getPodFailurePolicy().getRules();
        assertThat(rules).extracting(rule -> rule.getAction()).containsExactly("Ignore", "FailJob");
        assertThat(rules.getFirst().getOnPodConditions()).singleElement().extracting(condition -> condition.getType()).isEqualTo("DisruptionTarget");
        assertThat(rules.getLast().getOnExitCodes().getValues()).containsExactly(2);
        assertThat(rules.getLast().getOnExitCodes().getContainerName()).isEqualTo("worker");
    }

    @Test
    void theHostNameOfEveryPodIsALabelWhateverTheMigrationIsCalled() {
        var name = job("a-very-long.name-of-a-migration".repeat(3), Tasks.REPLICATE_POSTGRES).getMetadata().getName();
        assertThat(name + "-31").hasSizeLessThanOrEqualTo(LONGEST_LABEL).matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
    }

    private static Job job(String name, String task) {
        var migration = new MastodonMigration();
        migration.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("mastodon").withUid("6f1c").build());
        migration.setSpec(Specs.valid());
        migration.setStatus(new MastodonMigrationStatus());
        migration.getStatus().internal.epoch = 1L;
        var record = new MastodonMigrationStatus.JobRecord();
        record.task = task;
        record.name = WorkerJob.name(migration, task, 1);
        return WorkerJob.of(migration, record, "worker:test", List.of(), 8089);
    }

    private static List<String> environment(Job job) {
        return job.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv().stream().map((EnvVar variable) -> variable.getName() + "=" + variable.getValue()).toList();
    }
}
