package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.PodSecurity;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.target.Compute;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true, https = false)
class CronJobsTest {
    private static final String NAMESPACE = "mastodon";
    private static final String PROFILES = "{name: profiles, schedule: '30 3 * * 0', command: [tootctl, media, remove, --prune-profiles]}";
    private static final String ORPHANS = "{name: orphans, schedule: '@monthly', command: [tootctl, media, remove-orphans]}";
    private static final String COMPUTE = "web: {replicas: 2}";

    /** Set by the extension. */
    KubernetesClient client;

    private Compute compute(String cronJobs, String... others) {
        return new KubernetesComputes(client).of(Example.migration(Stream.concat(Stream.of(COMPUTE, COMPUTE + "\n        cronJobs: [" + cronJobs + "]"), Stream.of(others)).toArray(String[]::new)));
    }

    private List<CronJob> made() {
        return client.batch().v1().cronjobs().inNamespace(NAMESPACE).list().getItems();
    }

    private CronJob made(String name) {
        return client.batch().v1().cronjobs().inNamespace(NAMESPACE).withName(name).get();
    }

    @Test
    void nothingRunsByTheClockBeforeTheTargetTakesWrites() {
        var compute = compute(PROFILES);
        compute.ensure(Example.environment());
        compute.startSidekiq();
        assertThat(made()).isEmpty();
        assertThat(compute.ensureCronJobs()).containsExactly("example-social-cron-profiles");
        assertThat(made()).hasSize(1);
    }

    @Test
    void whoNamesNoneGetsNone() {
        var compute = new KubernetesComputes(client).of(Example.migration());
        compute.ensure(Example.environment());
        assertThat(compute.ensureCronJobs()).isEmpty();
        assertThat(made()).isEmpty();
    }

    @Test
    void eachRunsTheInstancesImageWithItsEnvironmentAndNeverTwiceAtOnce() {
        var compute = compute(PROFILES);
        compute.ensure(Example.environment());
        compute.ensureCronJobs();
        var cronJob = made("example-social-cron-profiles");
        assertThat(cronJob.getMetadata().getOwnerReferences()).as("it stays when the migration is deleted").isEmpty();
        assertThat(cronJob.getMetadata().getLabels()).containsEntry(WorkloadNames.UID_LABEL, "11111111-2222-3333-4444-555555555555");
        var spec = cronJob.getSpec();
        assertThat(spec.getSchedule()).isEqualTo("30 3 * * 0");
        assertThat(spec.getTimeZone()).isEqualTo("Etc/UTC");
        assertThat(spec.getConcurrencyPolicy()).isEqualTo("Forbid");
        assertThat(spec.getSuspend()).isFalse();
        assertThat(spec.getStartingDeadlineSeconds()).isPositive();
        assertThat(spec.getSuccessfulJobsHistoryLimit()).isPositive();
        assertThat(spec.getFailedJobsHistoryLimit()).isPositive();
        var job = spec.getJobTemplate().getSpec();
        assertThat(job.getActiveDeadlineSeconds()).isPositive();
        assertThat(job.getBackoffLimit()).isPositive();
        var pod = job.getTemplate();
        assertThat(PodSecurity.violations(pod.getSpec())).isEmpty();
        assertThat(pod.getSpec().getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getSpec().getRestartPolicy()).isEqualTo("Never");
        assertThat(pod.getSpec().getContainers()).singleElement().satisfies(container -> {
            assertThat(container.getImage()).isEqualTo("ghcr.io/mastodon/mastodon:v4.5.3");
            assertThat(container.getCommand()).containsExactly("tootctl", "media", "remove", "--prune-profiles");
            assertThat(container.getEnvFrom()).singleElement().satisfies(from -> assertThat(from.getSecretRef().getName()).isEqualTo("example-social-env"));
        });
        assertThat(pod.getMetadata().getLabels()).as("no Service sends requests to it").containsEntry(WorkloadNames.COMPONENT, "cron-profiles");
    }

    @Test
    void aNameOfTheLongestThatIsAllowedFitsKubernetesLimit() {
        assertThat(new WorkloadNames(NAMESPACE, "m".repeat(34), "uid").of("cron-" + "n".repeat(12))).as("52 characters, because Jobs get eleven more").hasSizeLessThanOrEqualTo(52);
    }

    @Test
    void whatIsAsTheSpecSaysIsNotWrittenAgainAndAnEditIs() {
        var compute = compute(PROFILES);
        compute.ensure(Example.environment());
        compute.ensureCronJobs();
        var first = made("example-social-cron-profiles");
        compute.ensureCronJobs();
        assertThat(made("example-social-cron-profiles").getMetadata().getResourceVersion()).isEqualTo(first.getMetadata().getResourceVersion());
        compute(PROFILES.replace("30 3", "45 4"), "mastodon/mastodon:v4.5.3", "mastodon/mastodon:v4.5.4").ensureCronJobs();
        var edited = made("example-social-cron-profiles");
        assertThat(edited.getSpec().getSchedule()).isEqualTo("45 4 * * 0");
        assertThat(edited.getSpec().getJobTemplate().getSpec().getTemplate().getSpec().getContainers().getFirst().getImage()).endsWith(":v4.5.4");
    }

    @Test
    void whatLeftTheSpecIsDeletedAndWhatIsNotOursStays() {
        var both = compute(PROFILES + ", " + ORPHANS);
        both.ensure(Example.environment());
        both.ensureCronJobs();
        foreign("somebody-elses");
        compute(PROFILES).ensureCronJobs();
        assertThat(made()).extracting(cronJob -> cronJob.getMetadata().getName()).containsExactlyInAnyOrder("example-social-cron-profiles", "somebody-elses");
        compute(PROFILES).remove();
        assertThat(made()).extracting(cronJob -> cronJob.getMetadata().getName()).containsExactly("somebody-elses");
    }

    @Test
    void oneOfThatNameThatIsNotOursIsNamedInPreflightAndNeverOverwritten() {
        var theirs = foreign("example-social-cron-profiles");
        var compute = compute(PROFILES);
        assertThat(compute.preflight().blockers()).singleElement().asString().contains("CronJob mastodon/example-social-cron-profiles exists and was not made by this migration");
        assertThatThrownBy(() -> compute.ensure(Example.environment())).isInstanceOf(ForeignObjectException.class);
        assertThatThrownBy(compute::ensureCronJobs).isInstanceOf(ForeignObjectException.class);
        assertThat(made("example-social-cron-profiles").getMetadata().getResourceVersion()).isEqualTo(theirs.getMetadata().getResourceVersion());
        compute.remove();
        assertThat(made()).hasSize(1);
    }

    /** They carry the migration's uid, as what its CronJobs start does. */
    @Test
    void whatTheyStartIsNotTakenForASmokeTest() {
        var compute = compute(PROFILES);
        compute.ensure(Example.environment());
        compute.ensureCronJobs();
        var template = made("example-social-cron-profiles").getSpec().getJobTemplate();
        var job = new Job();
        job.setMetadata(template.getMetadata());
        job.getMetadata().setNamespace(NAMESPACE);
        job.getMetadata().setName("example-social-cron-profiles-29000000");
        job.setSpec(template.getSpec());
        client.resource(job).create();
        compute.smokeTest();
        compute.removeSmokeTest();
        assertThat(client.batch().v1().jobs().inNamespace(NAMESPACE).list().getItems()).extracting(left -> left.getMetadata().getName()).containsExactly("example-social-cron-profiles-29000000");
    }

    private CronJob foreign(String name) {
        return client.resource(new CronJobBuilder().withNewMetadata().withNamespace(NAMESPACE).withName(name).endMetadata().withNewSpec().withSchedule("@daily").endSpec().build()).create();
    }
}
