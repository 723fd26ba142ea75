package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JobRunnerTest {
    private static final String NAMESPACE = "mastodon";
    private final EmbeddedApiServer server = EmbeddedApiServer.start();
    private final KubernetesClient client = server.client();
    private final JobRunner runner = JobRunner.start(client, NAMESPACE);

    @AfterEach
    void close() {
        runner.close();
        server.close();
    }

    @Test
    void aJobSucceedsWithTheConditionsOfKubernetesAndItsTerminationMessage() {
        secret("creds", Map.of("url", "c2VjcmV0"));
        var job = create(job("copy", "test \"$NOTHING_ELSE\" = '' && cat $DIR/url > $TERMINATION_LOG && echo \" $POD_IP $POD_NAME\" >> $TERMINATION_LOG"));

        await().untilAsserted(() -> assertThat(types(job)).containsExactly("SuccessCriteriaMet", "Complete"));
        var pod = pods(job).getFirst();
        assertThat(pod.getStatus().getPhase()).isEqualTo("Succeeded");
        assertThat(terminated(pod).getExitCode()).isZero();
        assertThat(terminated(pod).getMessage()).startsWith("secret 127.").contains(pod.getStatus().getPodIP() + " " + pod.getMetadata().getName());
        assertThat(pod.getMetadata().getLabels()).containsEntry("batch.kubernetes.io/job-name", "copy").containsEntry("app", "worker");
        assertThat(current(job).getStatus().getSucceeded()).isEqualTo(1);
        assertThat(current(job).getStatus().getCompletionTime()).isNotNull();
        assertThat(runner.violations()).isEmpty();
        assertThat(runner.running()).isEmpty();
    }

    @Test
    void whatAPodWritesToAClaimedVolumeTheNextOneFindsAndAPodWhoseClaimIsMissingWaits() {
        secret("creds", Map.of());
        var first = create(withClaim(job("first", "echo kept > $KEPT/file")));
        await().untilAsserted(() -> assertThat(pods(first)).singleElement().satisfies(pod -> assertThat(pod.getStatus().getConditions())
                .anyMatch(condition -> "Unschedulable".equals(condition.getReason()) && condition.getMessage().equals("persistentvolumeclaim \"kept\" not found"))));
        client.persistentVolumeClaims().inNamespace(NAMESPACE).resource(new PersistentVolumeClaimBuilder().withNewMetadata().withName("kept").endMetadata().withNewSpec().withAccessModes("ReadWriteOnce").endSpec().build()).create();
        await().untilAsserted(() -> assertThat(types(first)).contains("Complete"));
        var second = create(withClaim(job("second", "cat $KEPT/file > $TERMINATION_LOG")));
        await().untilAsserted(() -> assertThat(types(second)).contains("Complete"));
        assertThat(terminated(pods(second).getFirst()).getMessage()).isEqualTo("kept\n");
        assertThat(runner.violations()).isEmpty();
    }

    private static Job withClaim(Job job) {
        return new JobBuilder(job).editSpec().editTemplate().editSpec()
                .editFirstContainer().addNewVolumeMount().withName("kept").withMountPath("/var/lib/kept").endVolumeMount().addNewEnv().withName("KEPT").withValue("/var/lib/kept").endEnv().endContainer()
                .addNewVolume().withName("kept").withNewPersistentVolumeClaim().withClaimName("kept").endPersistentVolumeClaim().endVolume()
                .endSpec().endTemplate().endSpec().build();
    }

    @Test
    void aFailureIsFinalWithBackoffLimitZeroAndRetriedWithOne() {
        secret("creds", Map.of());
        var once = create(job("once", "echo no > $TERMINATION_LOG; exit 2"));
        var twice = create(new JobBuilder(job("twice", "exit 3")).editSpec().withBackoffLimit(1).endSpec().build());

        await().untilAsserted(() -> assertThat(types(once)).containsExactly("FailureTarget", "Failed"));
        assertThat(current(once).getStatus().getConditions()).allMatch(condition -> condition.getReason().equals("BackoffLimitExceeded"));
        assertThat(terminated(pods(once).getFirst()).getExitCode()).isEqualTo(2);
        await().untilAsserted(() -> assertThat(types(twice)).containsExactly("FailureTarget", "Failed"));
        assertThat(pods(twice)).hasSize(2);
        assertThat(current(twice).getStatus().getFailed()).isEqualTo(2);
    }

    @Test
    void aKilledWorkerIsAFailedPodWithoutReport() {
        secret("creds", Map.of());
        var job = create(job("copy", "sleep 300"));
        await().until(() -> runner.running().size() == 1);

        assertThat(runner.kill(name -> name.equals("copy"))).isEqualTo(1);
        await().untilAsserted(() -> assertThat(types(job)).containsExactly("FailureTarget", "Failed"));
        assertThat(terminated(pods(job).getFirst()).getExitCode()).isEqualTo(137);
        assertThat(terminated(pods(job).getFirst()).getMessage()).isEmpty();
    }

    @Test
    void eachIndexHasItsPodAndTheJobIsCompleteWhenAllHaveSucceeded() {
        secret("creds", Map.of("go", "bm8="));
        var job = create(indexed(job("copy", "echo \"$JOB_COMPLETION_INDEX $HOSTNAME\" > $TERMINATION_LOG; test $JOB_COMPLETION_INDEX = 0 || until test \"$(cat $DIR/go)\" = yes; do sleep 0.05; done"), 3));
        await().until(() -> runner.running().size() == 2 && Objects.equals(current(job).getStatus().getSucceeded(), 1));
        assertThat(current(job).getStatus().getCompletedIndexes()).isEqualTo("0");
        assertThat(types(job)).isEmpty();

        rotate("creds", Map.of("go", "eWVz"));
        await().untilAsserted(() -> assertThat(types(job)).containsExactly("SuccessCriteriaMet", "Complete"));
        assertThat(pods(job)).hasSize(3).allSatisfy(pod -> {
            var index = pod.getMetadata().getLabels().get(JobTally.INDEX);
            assertThat(pod.getMetadata().getAnnotations()).containsEntry(JobTally.INDEX, index);
            assertThat(pod.getMetadata().getName()).startsWith("copy-" + index + "-");
            assertThat(terminated(pod).getMessage().strip()).isEqualTo(index + " copy-" + index);
        });
        assertThat(runner.violations()).isEmpty();
    }

    @Test
    void aKilledIndexIsReplacedAndTheOthersRunOn() {
        secret("creds", Map.of());
        var job = create(indexed(job("copy", "sleep 300"), 2));
        await().until(() -> runner.running().size() == 2);
        var before = runner.running();

        assertThat(runner.killPod(before.getFirst())).isTrue();
        await().until(() -> runner.running().size() == 2 && !runner.running().equals(before));
        assertThat(runner.running()).as("the other one is the same").anyMatch(before::contains);
        assertThat(types(job)).isEmpty();
        assertThat(current(job).getStatus().getFailed()).isEqualTo(1);
    }

    @Test
    void aRefusalEndsTheWholeIndexedJob() {
        secret("creds", Map.of());
        var job = create(new JobBuilder(indexed(job("copy", "test $JOB_COMPLETION_INDEX = 1 && exit 2; sleep 300"), 2)).editSpec().withNewPodFailurePolicy()
                .addNewRule().withAction("FailJob").withNewOnExitCodes().withContainerName("worker").withOperator("In").withValues(2).endOnExitCodes().endRule()
                .endPodFailurePolicy().endSpec().build());
        await().untilAsserted(() -> assertThat(types(job)).containsExactly("FailureTarget", "Failed"));
        assertThat(current(job).getStatus().getConditions()).allMatch(condition -> condition.getReason().equals("PodFailurePolicy"));
        assertThat(runner.running()).isEmpty();
    }

    @Test
    void anIndexThatDiesTooOftenIsGivenUpAndTheJobFailsWhenTheOthersHaveEnded() {
        secret("creds", Map.of());
        var job = create(new JobBuilder(indexed(job("copy", "test $JOB_COMPLETION_INDEX = 0"), 2)).editSpec().withBackoffLimit(9).withBackoffLimitPerIndex(1).endSpec().build());
        await().untilAsserted(() -> assertThat(types(job)).containsExactly("FailureTarget", "Failed"));
        assertThat(current(job).getStatus().getConditions()).allMatch(condition -> condition.getReason().equals("FailedIndexes"));
        assertThat(current(job).getStatus().getFailed()).isEqualTo(2);
        assertThat(current(job).getStatus().getSucceeded()).isEqualTo(1);
    }

    @Test
    void anIndexedJobWithTooLongANameIsRefused() {
        secret("creds", Map.of());
        create(indexed(job("c".repeat(62), "true"), 2));
        await().untilAsserted(() -> assertThat(runner.violations()).anyMatch(violation -> violation.contains("no more than 63 characters")));
    }

    @Test
    void anEvictedPodIsReplacedWhenThePolicyIgnoresDisruption() {
        secret("creds", Map.of());
        var job = create(new JobBuilder(job("copy", "trap 'exit 7' TERM; while :; do sleep 0.05; done")).editSpec()
                .withNewPodFailurePolicy().addNewRule().withAction("Ignore").addNewOnPodCondition().withType("DisruptionTarget").withStatus("True")
                .endOnPodCondition().endRule().endPodFailurePolicy().endSpec().build());
        await().until(() -> runner.running().size() == 1);
        var first = runner.running().getFirst();

        runner.evict(first);
        await().until(() -> runner.running().size() == 1 && !runner.running().contains(first));
        assertThat(types(job)).isEmpty();
        await().until(() -> client.pods().inNamespace(NAMESPACE).withName(first).get() == null);
        assertThat(current(job).getStatus().getFailed()).isNull();
    }

    @Test
    void deletingAJobStopsItsProcessGently() {
        secret("creds", Map.of());
        var job = create(job("copy", "trap 'echo stopped; exit 0' TERM; echo ready; while :; do sleep 0.05; done"));
        await().until(() -> runner.running().size() == 1);
        var pod = runner.running().getFirst();
        await().until(() -> runner.log(pod).contains("ready"));

        client.resource(job).delete();
        await().untilAsserted(() -> assertThat(client.pods().inNamespace(NAMESPACE).list().getItems()).isEmpty());
        assertThat(runner.running()).isEmpty();
        assertThat(runner.log(pod)).contains("stopped");
    }

    @Test
    void aDeadlineEndsTheJob() {
        secret("creds", Map.of());
        var job = create(new JobBuilder(job("copy", "sleep 300")).editSpec().withActiveDeadlineSeconds(1L).endSpec().build());
        await().untilAsserted(() -> assertThat(types(job)).containsExactly("FailureTarget", "Failed"));
        assertThat(current(job).getStatus().getConditions()).allMatch(condition -> condition.getReason().equals("DeadlineExceeded"));
        await().untilAsserted(() -> assertThat(runner.running()).isEmpty());
    }

    @Test
    void aRotatedSecretReachesTheRunningPod() {
        secret("creds", Map.of("url", "b2xk"));
        var job = create(job("copy", "until test \"$(cat $DIR/url)\" = new; do sleep 0.05; done"));
        await().until(() -> runner.running().size() == 1);
        rotate("creds", Map.of("url", "bmV3"));
        await().untilAsserted(() -> assertThat(types(job)).contains("Complete"));
    }

    @Test
    void aPodWaitsForItsSecret() {
        var job = create(job("copy", "cat $DIR/url"));
        await().untilAsserted(() -> assertThat(events()).contains("FailedMount: MountVolume.SetUp failed for volume \"secrets\" : secret \"creds\" not found"));
        assertThat(pods(job)).singleElement().satisfies(pod -> assertThat(pod.getStatus().getContainerStatuses().getFirst().getState().getWaiting().getReason()).isEqualTo("ContainerCreating"));
        secret("creds", Map.of("url", "bmV3"));
        await().untilAsserted(() -> assertThat(types(job)).contains("Complete"));
    }

    @Test
    void whatARestrictedClusterRefusesGetsNoPodButAnEvent() {
        secret("creds", Map.of());
        var careless = create(new JobBuilder(job("careless", "true")).editSpec().editTemplate().editSpec().withAutomountServiceAccountToken(null)
                .editFirstContainer().withSecurityContext(null).withResources(null).endContainer().endSpec().endTemplate().endSpec().build());
        await().untilAsserted(() -> assertThat(events()).anyMatch(event -> event.startsWith("FailedCreate: Error creating: pods \"careless-") && event.contains("violates PodSecurity \"restricted:latest\"")));
        assertThat(runner.violations()).anyMatch(v -> v.contains("careless") && v.contains("allowPrivilegeEscalation"))
                .anyMatch(v -> v.contains("capabilities")).anyMatch(v -> v.contains("requests or limits")).anyMatch(v -> v.contains("automount"));
        assertThat(pods(careless)).isEmpty();
        assertThat(types(careless)).as("a Job without pods does not fail").isEmpty();
    }

    private List<String> events() {
        return client.v1().events().inNamespace(NAMESPACE).list().getItems().stream().map(event -> event.getReason() + ": " + event.getMessage()).toList();
    }

    private void secret(String name, Map<String, String> data) {
        client.resource(new SecretBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata().withData(data).build()).create();
    }

    private void rotate(String name, Map<String, String> data) {
        client.resource(new SecretBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata().withData(data).build()).update();
    }

    private static Job indexed(Job job, int pods) {
        return new JobBuilder(job).editSpec().withCompletionMode("Indexed").withCompletions(pods).withParallelism(pods).withBackoffLimit(9).endSpec().build();
    }

    private Job create(Job job) {
        return client.resource(job).create();
    }

    private Job current(Job job) {
        return client.resource(job).get();
    }

    private List<String> types(Job job) {
        var status = current(job).getStatus();
        return status == null ? List.of() : status.getConditions().stream().map(condition -> condition.getType()).toList();
    }

    private List<Pod> pods(Job job) {
        return client.pods().inNamespace(NAMESPACE).withLabel("job-name", job.getMetadata().getName()).list().getItems();
    }

    private static ContainerStateTerminated terminated(Pod pod) {
        return pod.getStatus().getContainerStatuses().getFirst().getState().getTerminated();
    }

    private static Job job(String name, String script) {
        var container = new ContainerBuilder().withName("worker").withImage("worker").withCommand("sh", "-c").withArgs(script)
                .addNewEnv().withName("DIR").withValue("/secrets").endEnv()
                .addNewEnv().withName("POD_IP").withNewValueFrom().withNewFieldRef().withFieldPath("status.podIP").endFieldRef().endValueFrom().endEnv()
                .addNewEnv().withName("POD_NAME").withNewValueFrom().withNewFieldRef().withFieldPath("metadata.name").endFieldRef().endValueFrom().endEnv()
                .addNewVolumeMount().withName("secrets").withMountPath("/secrets").withReadOnly(true).endVolumeMount()
                .withNewSecurityContext().withRunAsNonRoot(true).withAllowPrivilegeEscalation(false)
                .withNewCapabilities().withDrop("ALL").endCapabilities().withNewSeccompProfile().withType("RuntimeDefault").endSeccompProfile().endSecurityContext()
                .withNewResources().addToRequests("memory", new Quantity("1Mi")).addToLimits("memory", new Quantity("1Mi")).endResources()
                .build();
        return new JobBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata()
                .withNewSpec().withBackoffLimit(0).withNewTemplate().withNewMetadata().addToLabels("app", "worker").endMetadata()
                .withNewSpec().withRestartPolicy("Never").withAutomountServiceAccountToken(false).withTerminationGracePeriodSeconds(3L)
                .withContainers(container)
                .addNewVolume().withName("secrets").withNewSecret().withSecretName("creds").withDefaultMode(0400).endSecret().endVolume()
                .endSpec().endTemplate().endSpec().build();
    }
}
