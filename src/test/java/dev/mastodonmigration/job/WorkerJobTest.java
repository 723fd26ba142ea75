package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.Backup;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationSpec.S3;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretRef;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.worker.control.Tasks;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.net.URI;
import java.util.List;
import java.util.Optional;
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

    @Test
    void theVolumeOfTheFinalBackupIsMountedWhereItIsWrittenAndNowhereElse() {
        var spec = Specs.with(null, new Retire(null, true, null, null, null, new Backup("another-one", null), null));
        var pod = job("example-social", Tasks.BACK_UP_SOURCE, spec, "last-copy").getSpec().getTemplate().getSpec();
        assertThat(pod.getVolumes()).filteredOn(volume -> volume.getPersistentVolumeClaim() != null).singleElement()
                .satisfies(volume -> assertThat(volume.getPersistentVolumeClaim().getClaimName()).as("as it was written down").isEqualTo("last-copy"));
        assertThat(pod.getSecurityContext().getFsGroupChangePolicy()).isEqualTo("OnRootMismatch");
        var mounted = pod.getContainers().getFirst().getVolumeMounts().stream().filter(mount -> mount.getName().equals("backup")).findFirst().orElseThrow();
        assertThat(pod.getContainers().getFirst().getEnv()).anyMatch(variable -> variable.getName().equals("MIGRATION_BACKUP") && mounted.getMountPath().equals(variable.getValue()));
        assertThat(job("example-social", Tasks.COPY_POSTGRES, spec, null).getSpec().getTemplate().getSpec().getVolumes()).noneMatch(volume -> volume.getPersistentVolumeClaim() != null);
    }

    /** The identity goes to this worker alone, as files of the admin's own Secret: no copy of ours, and no pod of another task, has it. */
    @Test
    void theBucketOfTheFinalBackupComesWithTheAdminsCredentialsAndToItsWorkerAlone() {
        var spec = Specs.onAws(new Aws("eu-central-1", new SecretRef("aws"), null), new Retire(null, true, null, null, null, new Backup(null, new S3("another-one", null)), null));
        var pod = job("example-social", Tasks.BACK_UP_SOURCE, spec, null, "s3://last-copy/mastodon/").getSpec().getTemplate().getSpec();
        var container = pod.getContainers().getFirst();
        assertThat(environment(job("example-social", Tasks.BACK_UP_SOURCE, spec, null, "s3://last-copy/mastodon/"))).as("as it was written down").contains("MIGRATION_BUCKET=s3://last-copy/mastodon/", "MIGRATION_AWS_REGION=eu-central-1",
                "MIGRATION_AWS_ENDPOINT=http://127.0.0.1:1", "MIGRATION_AWS_CREDENTIALS=/etc/mastodon-migration/aws").noneMatch(variable -> variable.startsWith("MIGRATION_BACKUP="));
        assertThat(container.getVolumeMounts()).anySatisfy(mount -> {
            assertThat(mount.getMountPath()).isEqualTo("/etc/mastodon-migration/aws");
            assertThat(mount.getReadOnly()).isTrue();
        });
        assertThat(pod.getVolumes()).filteredOn(volume -> volume.getSecret() != null).extracting(volume -> volume.getSecret().getSecretName()).contains("aws");
        assertThat(job("example-social", Tasks.COPY_POSTGRES, spec, null).getSpec().getTemplate().getSpec().getVolumes()).noneMatch(volume -> volume.getSecret() != null && volume.getSecret().getSecretName().equals("aws"));
        assertThat(environment(job("example-social", Tasks.COPY_POSTGRES, spec, null))).noneMatch(variable -> variable.contains("AWS") || variable.contains("BUCKET"));
    }

    private static Job job(String name, String task) {
        return job(name, task, Specs.valid(), null);
    }

    private static Job job(String name, String task, MastodonMigrationSpec spec, String claim) {
        return job(name, task, spec, claim, null);
    }

    private static Job job(String name, String task, MastodonMigrationSpec spec, String claim, String bucket) {
        var migration = new MastodonMigration();
        migration.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("mastodon").withUid("6f1c").build());
        migration.setSpec(spec);
        migration.setStatus(new MastodonMigrationStatus());
        migration.getStatus().internal.epoch = 1L;
        var record = new MastodonMigrationStatus.JobRecord();
        record.task = task;
        record.persistentVolumeClaim = claim;
        record.bucket = bucket;
        record.name = WorkerJob.name(migration, task, 1);
        return WorkerJob.of(migration, record, "worker:test", List.of(), 8089, Optional.of(URI.create("http://127.0.0.1:1")));
    }

    private static List<String> environment(Job job) {
        return job.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv().stream().map((EnvVar variable) -> variable.getName() + "=" + variable.getValue()).toList();
    }
}
