package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A cluster is slow, and things go wrong with pods: each is as Kubernetes shows it. */
class UnkindClusterTest {
    private static final String NAMESPACE = "mastodon";
    private static final Duration A_WHILE = Duration.ofSeconds(30);
    private EmbeddedCluster cluster;

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void aPodStartsLateAndItsEndIsSeenLaterAndItsJobsLast() {
        start(ClusterSettings.fast().podStart(Duration.ofMillis(900)).statusDelay(Duration.ofMillis(1500)));
        var begun = Instant.now();
        var job = create(job("copy", "true", 0));
        await().until(() -> pods().size() == 1 && reason(pods().getFirst()).equals("ContainerCreating"));
        assertThat(pods().getFirst().getStatus().getPhase()).isEqualTo("Pending");
        await().until(() -> phase().equals("Running"));
        assertThat(Duration.between(begun, Instant.now())).isGreaterThanOrEqualTo(Duration.ofMillis(900));
        await().until(() -> phase().equals("Succeeded"));
        assertThat(Duration.between(begun, Instant.now())).as("its process ended at once").isGreaterThanOrEqualTo(Duration.ofMillis(2400));
        assertThat(client().resource(job).get().getStatus().getSucceeded()).as("not yet counted").isNull();
        await().until(() -> Integer.valueOf(1).equals(client().resource(job).get().getStatus().getSucceeded()));
        assertThat(Duration.between(begun, Instant.now())).isGreaterThanOrEqualTo(Duration.ofMillis(3900));
    }

    @Test
    void theUsualClusterIsSlow() {
        assertThat(ClusterSettings.slow().podStart()).isEqualTo(Span.seconds(2, 3));
        assertThat(ClusterSettings.slow().status()).isEqualTo(Span.seconds(1, 2));
        start(ClusterSettings.slow());
    }

    @Test
    void anImageThatCannotBePulledIsWaitedForAndNamed() {
        start(ClusterSettings.fast().unpullable("registry.example/mastodon:no"));
        create(deployment("web", 1, container -> container.withImage("registry.example/mastodon:no")));
        await().until(() -> reasons().contains("ErrImagePull"));
        await().atMost(A_WHILE).until(() -> reasons().contains("ImagePullBackOff"));
        assertThat(status(pods().getFirst()).getState().getWaiting().getMessage()).contains("registry.example/mastodon:no", "not found");
        assertThat(events()).anyMatch(event -> event.startsWith("Failed: Failed to pull image \"registry.example/mastodon:no\""));
        assertThat(current("web").getStatus().getReadyReplicas()).isZero();

        cluster.faults().healed("registry.example/mastodon:no");
        await().atMost(A_WHILE).until(() -> current("web").getStatus().getReadyReplicas() == 1);
    }

    @Test
    void aContainerThatCrashesIsRestartedLaterAndLater() {
        start(ClusterSettings.fast().ending("web-", 3, "no such file"));
        create(deployment("web", 1, container -> container));
        await().atMost(A_WHILE).until(() -> reasons().contains("CrashLoopBackOff"));
        var container = status(pods().getFirst());
        assertThat(container.getRestartCount()).isGreaterThanOrEqualTo(2);
        assertThat(container.getLastState().getTerminated().getExitCode()).isEqualTo(3);
        assertThat(container.getLastState().getTerminated().getMessage()).isEqualTo("no such file");
        assertThat(container.getReady()).isFalse();
        assertThat(pods().getFirst().getStatus().getPhase()).isEqualTo("Running");

        cluster.faults().healed("web-");
        await().atMost(A_WHILE).until(() -> current("web").getStatus().getReadyReplicas() == 1);
    }

    @Test
    void aWorkerThatUsesTooMuchMemoryIsKilledAndSaidSo() {
        start(ClusterSettings.fast());
        create(job("copy", "sleep 300", 0));
        await().until(() -> cluster.jobRunner().running().size() == 1);
        assertThat(cluster.jobRunner().outOfMemory("copy"::equals)).isEqualTo(1);
        await().untilAsserted(() -> assertThat(pods()).singleElement().satisfies(pod -> {
            assertThat(status(pod).getState().getTerminated().getReason()).isEqualTo("OOMKilled");
            assertThat(status(pod).getState().getTerminated().getExitCode()).isEqualTo(137);
        }));
    }

    @Test
    void aPodThatNoNodeHasRoomForWaitsAndSaysWhy() {
        start(ClusterSettings.fast().unschedulable("copy-"));
        var job = create(job("copy", "true", 0));
        await().untilAsserted(() -> assertThat(pods()).singleElement().satisfies(pod -> assertThat(pod.getStatus().getConditions()).singleElement().satisfies(condition -> {
            assertThat(condition.getType() + condition.getStatus() + condition.getReason()).isEqualTo("PodScheduledFalseUnschedulable");
            assertThat(condition.getMessage()).contains("nodes are available");
        })));
        assertThat(events()).anyMatch(event -> event.startsWith("FailedScheduling: 0/1 nodes are available"));
        cluster.faults().healed("copy-");
        await().until(() -> Integer.valueOf(1).equals(client().resource(job).get().getStatus().getSucceeded()));
    }

    @Test
    void aQuotaLeavesAJobWithoutPodsButWithAnEventAndADeploymentWithACondition() {
        start(ClusterSettings.fast().podQuota(0));
        var job = create(job("copy", "true", 0));
        create(deployment("web", 1, container -> container));
        await().untilAsserted(() -> assertThat(events()).anyMatch(event -> event.matches("FailedCreate: Error creating: pods \"copy-.*\" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=0, limited: pods=0")));
        await().untilAsserted(() -> assertThat(current("web").getStatus().getConditions()).anyMatch(condition -> condition.getType().equals("ReplicaFailure") && condition.getReason().equals("FailedCreate")));
        assertThat(pods()).isEmpty();
        assertThat(cluster.jobRunner().violations()).as("a quota is nobody's mistake").isEmpty();

        cluster.jobRunner().liftPodQuota();
        await().atMost(A_WHILE).until(() -> Integer.valueOf(1).equals(client().resource(job).get().getStatus().getSucceeded()) && current("web").getStatus().getReadyReplicas() == 1);
    }

    @Test
    void aDrainedNodeLosesItsPodsWhichAreMadeAnew() {
        start(ClusterSettings.fast());
        create(job("copy", "trap 'exit 7' TERM; while :; do sleep 0.05; done", 3));
        create(deployment("web", 2, container -> container));
        await().until(() -> cluster.jobRunner().running().size() == 1 && current("web").getStatus() != null && Integer.valueOf(2).equals(current("web").getStatus().getReadyReplicas()));
        var before = names();
        var disrupted = new HashSet<String>();
        try (var ignored = client().pods().inNamespace(NAMESPACE).inform(new Seen(pod -> pod.getStatus().getConditions().stream().anyMatch(condition -> condition.getType().equals("DisruptionTarget")), disrupted))) {
            cluster.jobRunner().drainNode();
            await().atMost(A_WHILE).until(() -> cluster.jobRunner().running().size() == 1 && current("web").getStatus().getReadyReplicas() == 2 && names().stream().noneMatch(before::contains));
        }
        assertThat(disrupted).containsAll(before);
    }

    @Test
    void aDeploymentRollsByOneAndKeepsServing() {
        start(ClusterSettings.fast().readyDelay(Duration.ofMillis(600)));
        var created = create(deployment("web", 2, container -> container));
        await().until(() -> current("web").getStatus() != null && Long.valueOf(1).equals(current("web").getStatus().getObservedGeneration()) && current("web").getStatus().getReadyReplicas() == 0);
        await().until(() -> current("web").getStatus().getReadyReplicas() == 2);
        var old = names();
        assertThat(pods()).allSatisfy(pod -> assertThat(pod.getMetadata().getLabels()).containsEntry("app", "web").containsKey("pod-template-hash"));

        client().apps().deployments().inNamespace(NAMESPACE).withName("web").edit(deployment -> new DeploymentBuilder(deployment).editSpec().editTemplate().editSpec()
                .editFirstContainer().withImage("mastodon:2").endContainer().endSpec().endTemplate().endSpec().build());
        var least = new int[] {2};
        await().atMost(A_WHILE).pollInterval(Duration.ofMillis(10)).until(() -> {
            var pods = pods().stream().filter(pod -> !Kubelet.isDeleted(pod)).toList();
            assertThat(pods).hasSizeLessThanOrEqualTo(3);
            least[0] = Math.min(least[0], (int) pods.stream().filter(Kubelet::isReady).count());
            var status = current("web").getStatus();
            return Long.valueOf(2).equals(status.getObservedGeneration()) && status.getUpdatedReplicas() == 2 && status.getReplicas() == 2 && status.getReadyReplicas() == 2;
        });
        assertThat(least[0]).isEqualTo(2);
        await().until(() -> names().stream().noneMatch(old::contains));
        assertThat(client().apps().replicaSets().inNamespace(NAMESPACE).list().getItems()).hasSize(2);

        client().resource(created).delete();
        await().until(() -> pods().isEmpty() && client().apps().replicaSets().inNamespace(NAMESPACE).list().getItems().isEmpty());
    }

    @Test
    void aRecreatedDeploymentNeverRunsOldAndNewSideBySide() {
        start(ClusterSettings.fast());
        create(new DeploymentBuilder(deployment("sidekiq", 1, container -> container)).editSpec().withNewStrategy().withType("Recreate").endStrategy().endSpec().build());
        await().until(() -> current("sidekiq").getStatus() != null && Integer.valueOf(1).equals(current("sidekiq").getStatus().getReadyReplicas()));
        var old = names();
        client().apps().deployments().inNamespace(NAMESPACE).withName("sidekiq").edit(deployment -> new DeploymentBuilder(deployment).editSpec().editTemplate().editSpec()
                .editFirstContainer().withImage("mastodon:2").endContainer().endSpec().endTemplate().endSpec().build());
        await().pollInterval(Duration.ofMillis(10)).until(() -> {
            assertThat(pods()).hasSizeLessThanOrEqualTo(1);
            return names().stream().noneMatch(old::contains) && current("sidekiq").getStatus().getReadyReplicas() == 1;
        });
    }

    private record Seen(Predicate<Pod> wanted, Set<String> names) implements ResourceEventHandler<Pod> {
        @Override
        public void onAdd(Pod pod) {
            look(pod);
        }

        @Override
        public void onUpdate(Pod old, Pod pod) {
            look(pod);
        }

        @Override
        public void onDelete(Pod pod, boolean unknown) {
            look(pod);
        }

        private void look(Pod pod) {
            if (wanted.test(pod)) {
                names.add(pod.getMetadata().getName());
            }
        }
    }

    private void start(ClusterSettings settings) {
        cluster = EmbeddedCluster.start(NAMESPACE, settings);
    }

    private KubernetesClient client() {
        return cluster.client();
    }

    private Job create(Job job) {
        return client().resource(job).create();
    }

    private Deployment create(Deployment deployment) {
        return client().resource(deployment).create();
    }

    private Deployment current(String deployment) {
        return client().apps().deployments().inNamespace(NAMESPACE).withName(deployment).require();
    }

    private List<Pod> pods() {
        return client().pods().inNamespace(NAMESPACE).list().getItems();
    }

    private Set<String> names() {
        return new HashSet<>(pods().stream().map(pod -> pod.getMetadata().getName()).toList());
    }

    private String phase() {
        return pods().getFirst().getStatus().getPhase();
    }

    private List<String> reasons() {
        return pods().stream().map(UnkindClusterTest::reason).toList();
    }

    private static String reason(Pod pod) {
        return pod.getStatus() == null || pod.getStatus().getContainerStatuses().isEmpty() ? "" : Optional.of(status(pod)).map(ContainerStatus::getState).map(ContainerState::getWaiting).map(w -> w.getReason()).orElse("");
    }

    private static ContainerStatus status(Pod pod) {
        return pod.getStatus().getContainerStatuses().getFirst();
    }

    private List<String> events() {
        return client().v1().events().inNamespace(NAMESPACE).list().getItems().stream().map(event -> event.getReason() + ": " + event.getMessage()).toList();
    }

    private static Job job(String name, String script, int backoffLimit) {
        return new JobBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata().withNewSpec().withBackoffLimit(backoffLimit)
                .withTemplate(template(name, container -> container.withCommand("sh", "-c").withArgs(script)))
                .editTemplate().editSpec().withRestartPolicy("Never").endSpec().endTemplate().endSpec().build();
    }

    private static Deployment deployment(String name, int replicas, UnaryOperator<ContainerBuilder> change) {
        return new DeploymentBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata().withNewSpec().withReplicas(replicas)
                .withNewSelector().addToMatchLabels("app", name).endSelector().withNewStrategy().withType("RollingUpdate").withNewRollingUpdate().withNewMaxSurge(1).withNewMaxUnavailable(0).endRollingUpdate().endStrategy()
                .withTemplate(template(name, container -> change.apply(container.withNewReadinessProbe().withNewHttpGet().endHttpGet().endReadinessProbe()))).endSpec().build();
    }

    private static PodTemplateSpec template(String name, UnaryOperator<ContainerBuilder> change) {
        var container = new ContainerBuilder().withName(name).withImage("mastodon:1")
                .withNewSecurityContext().withRunAsNonRoot(true).withAllowPrivilegeEscalation(false)
                .withNewCapabilities().withDrop("ALL").endCapabilities().withNewSeccompProfile().withType("RuntimeDefault").endSeccompProfile().endSecurityContext()
                .withNewResources().addToRequests("memory", new Quantity("1Mi")).addToLimits("memory", new Quantity("1Mi")).endResources();
        return new PodTemplateSpecBuilder().withNewMetadata().addToLabels("app", name).endMetadata()
                .withNewSpec().withAutomountServiceAccountToken(false).withTerminationGracePeriodSeconds(3L).withContainers(change.apply(container).build()).endSpec().build();
    }
}
