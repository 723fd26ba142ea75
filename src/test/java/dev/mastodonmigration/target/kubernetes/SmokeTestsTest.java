package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.embedded.PodSecurity;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.SmokeTest;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobConditionBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true, https = false)
class SmokeTestsTest {
    /** Set by the extension. */
    KubernetesClient client;
    private Compute compute;
    private DeployedInstance instance;

    @BeforeEach
    void deploy() {
        compute = of(Example.migration());
        assertThat(compute.smokeTest()).isEqualTo(new SmokeTest.Running("the instance is not deployed yet"));
        instance = new DeployedInstance(client);
    }

    @Test
    void bothImagesAreTriedOnceAndByOthersSelectedNever() {
        assertThat(compute.smokeTest()).isInstanceOf(SmokeTest.Running.class);
        assertThat(compute.smokeTest()).isInstanceOf(SmokeTest.Running.class);
        assertThat(jobs()).hasSize(2).allSatisfy(job -> {
            var template = job.getSpec().getTemplate();
            assertThat(PodSecurity.violations(template.getSpec())).isEmpty();
            assertThat(template.getSpec().getAutomountServiceAccountToken()).isFalse();
            assertThat(template.getSpec().getContainers().getFirst().getTerminationMessagePolicy()).isEqualTo("File");
            assertThat(job.getMetadata().getOwnerReferences()).singleElement().satisfies(owner -> assertThat(owner.getUid()).isEqualTo(Example.migration().getMetadata().getUid()));
            assertThat(client.services().inNamespace(DeployedInstance.NAMESPACE).list().getItems())
                    .noneSatisfy(service -> assertThat(template.getMetadata().getLabels()).containsAllEntriesOf(service.getSpec().getSelector()));
        });
        assertThat(jobs()).extracting(job -> job.getSpec().getTemplate().getSpec().getContainers().getFirst().getImage())
                .containsExactlyInAnyOrder("ghcr.io/mastodon/mastodon:v4.5.3", "ghcr.io/mastodon/mastodon-streaming:v4.5.3");
    }

    @Test
    void itOnlyReadsWhateverTheAdminSets() {
        var migration = Example.migration("        web: {replicas: 2}",
                "        web: {replicas: 2, podTemplate: {env: [{name: PGOPTIONS, value: -c work_mem=1GB}, {name: EXTRA, value: x}], resources: {limits: {memory: 64Gi}}}}");
        of(migration).ensure(Example.environment());
        of(migration).smokeTest();
        var web = job("example-social-smoke-web").getSpec().getTemplate().getSpec().getContainers().getFirst();
        assertThat(web.getEnv().stream().collect(Collectors.toMap(EnvVar::getName, EnvVar::getValue))).containsEntry("PGOPTIONS", "-c default_transaction_read_only=on")
                .containsEntry("EXTRA", "x").containsEntry("SMTP_DELIVERY_METHOD", "test").containsEntry("CACHE_REDIS_URL", "redis://127.0.0.1:1");
        assertThat(web.getResources().getLimits().get("memory").toString()).isEqualTo("1536Mi");
        assertThat(web.getEnvFrom()).singleElement().satisfies(from -> assertThat(from.getSecretRef().getName()).isEqualTo("example-social-env"));
    }

    @Test
    void itPassesWhenBothDoAndSaysWhatWasProved() {
        compute.smokeTest();
        end("example-social-smoke-web", "Complete", 0, "no migration is pending (512 have run), Redis answers");
        assertThat(compute.smokeTest()).as("streaming is still at it").isInstanceOf(SmokeTest.Running.class);
        end("example-social-smoke-streaming", "Complete", 0, "streaming connects to Postgres and Redis");
        assertThat(compute.smokeTest()).isEqualTo(new SmokeTest.Passed("no migration is pending (512 have run), Redis answers, streaming connects to Postgres and Redis"));
        assertThat(jobs()).as("it is not begun again").hasSize(2);
    }

    @Test
    void aFailureIsToldInItsOwnWordsAndStaysUntilItIsRemoved() {
        compute.smokeTest();
        end("example-social-smoke-web", "Failed", 64, "Postgres: the source is newer than the image");
        end("example-social-smoke-streaming", "Complete", 0, "fine");
        var first = (SmokeTest.Failed) compute.smokeTest();
        assertThat(first.message()).startsWith("Postgres: the source is newer than the image").contains("kubectl", "logs job/example-social-smoke-web");
        assertThat(compute.smokeTest()).isEqualTo(first);
        compute.removeSmokeTest();
        assertThat(jobs()).isEmpty();
        assertThat(compute.smokeTest()).isInstanceOf(SmokeTest.Running.class);
        assertThat(jobs()).hasSize(2);
    }

    @Test
    void anotherRevisionIsTestedAnewAndTheOldOneGoes() {
        compute.smokeTest();
        end("example-social-smoke-web", "Failed", 64, "wrong key");
        var before = jobs().stream().map(job -> job.getMetadata().getName()).toList();
        compute.ensure(Example.environment("SMTP_PASSWORD", "rotated"));
        assertThat(compute.smokeTest()).isInstanceOf(SmokeTest.Running.class);
        assertThat(jobs()).hasSize(2).extracting(job -> job.getMetadata().getName()).doesNotContainAnyElementsOf(before).allSatisfy(name -> assertThat(name).endsWith("-" + compute.revision()));
    }

    @Test
    void whatHoldsItsPodUpIsSaid() {
        compute.smokeTest();
        pod("example-social-smoke-web", new ContainerStatusBuilder().withName("c").withNewState().withNewWaiting().withReason("ErrImagePull").withMessage("not found").endWaiting().endState());
        instance.warning("Job", job("example-social-smoke-streaming").getMetadata().getName(), "u", "FailedCreate", "exceeded quota: team");
        assertThat(((SmokeTest.Running) compute.smokeTest()).message()).contains("ErrImagePull: not found").contains("no pod can be created: FailedCreate: exceeded quota: team");
    }

    @Test
    void aPodWithoutWordsIsToldByItsEnd() {
        compute.smokeTest();
        var job = job("example-social-smoke-web");
        pod("example-social-smoke-web", new ContainerStatusBuilder().withName("c").withNewState().withNewTerminated().withExitCode(137).withReason("OOMKilled").endTerminated().endState());
        condition(job, "Failed");
        assertThat(((SmokeTest.Failed) compute.smokeTest()).message()).startsWith("the container needed more memory than its limit allows and was killed (OOMKilled)");
    }

    @Test
    void theInstanceIsRemovedWithItsSmokeTestAndAStrangersJobIsNot() {
        compute.smokeTest();
        compute.remove();
        assertThat(jobs()).isEmpty();
        var strange = Example.migration();
        strange.getMetadata().setUid("99999999-2222-3333-4444-555555555555");
        compute.ensure(Example.environment());
        compute.smokeTest();
        of(strange).removeSmokeTest();
        assertThat(jobs()).hasSize(2);
        assertThatThrownBy(() -> of(strange).smokeTest()).isInstanceOf(ForeignObjectException.class);
    }

    @Test
    void theLongestNameOfAMigrationStillMakesALabel() {
        var names = new WorkloadNames("mastodon", "a".repeat(34), "uid");
        assertThat(WorkloadNames.problem(names.migration())).isEmpty();
        assertThat(SmokeTestJob.values()).allSatisfy(half -> assertThat(half.name(names, compute.revision())).hasSizeLessThanOrEqualTo(63));
    }

    private Compute of(MastodonMigration migration) {
        return new KubernetesComputes(client).of(migration);
    }

    private List<Job> jobs() {
        return client.batch().v1().jobs().inNamespace(DeployedInstance.NAMESPACE).list().getItems();
    }

    private Job job(String prefix) {
        return jobs().stream().filter(job -> job.getMetadata().getName().startsWith(prefix)).findFirst().orElseThrow();
    }

    private void end(String prefix, String condition, int exitCode, String message) {
        pod(prefix, new ContainerStatusBuilder().withName("c").withNewState().withNewTerminated().withExitCode(exitCode).withMessage(message).withFinishedAt("2026-11-22T20:00:00Z").endTerminated().endState());
        condition(job(prefix), condition);
    }

    private void condition(Job job, String type) {
        var status = new JobStatus();
        status.setConditions(List.of(new JobConditionBuilder().withType(type).withStatus("True").withReason("r").build()));
        job.setStatus(status);
        client.resource(job).update();
    }

    private void pod(String prefix, ContainerStatusBuilder container) {
        var job = job(prefix);
        var pod = instance.pod(job.getSpec().getTemplate(), Map.of(), DeployedInstance.status(container.build()));
        client.resource(new PodBuilder(pod).editMetadata().withOwnerReferences(new OwnerReferenceBuilder().withApiVersion("batch/v1").withKind("Job")
                .withName(job.getMetadata().getName()).withUid(job.getMetadata().getUid()).build()).endMetadata().editStatus()
                .withPhase(container.build().getState().getTerminated() == null ? "Pending" : "Failed").endStatus().build()).update();
    }
}
