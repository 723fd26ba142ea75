package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.target.Compute;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true, https = false)
class KubernetesReadinessTest {
    private static final String WEB = "example-social-web";
    private static final String STREAMING = "example-social-streaming";

    /** Set by the extension. */
    KubernetesClient client;
    private Compute compute;
    private DeployedInstance instance;

    @BeforeEach
    void deploy() {
        compute = new KubernetesComputes(client).of(Example.migration());
        instance = new DeployedInstance(client);
    }

    @Test
    void readinessNamesWhatIsMissingAndWhatIsLate() {
        assertThat(compute.ready().waitingFor()).isEqualTo(STREAMING + " 0/1, " + WEB + " 0/2");
        instance.report(STREAMING, 1, 1);
        instance.report(WEB, 2, 1);
        assertThat(compute.ready().waitingFor()).isEqualTo(WEB + " 1/2");
        instance.report(WEB, 2, 2);
        assertThat(compute.ready().complete()).isTrue();
        compute.startSidekiq();
        assertThat(compute.ready().waitingFor()).isEqualTo("example-social-sidekiq-default 0/1, example-social-sidekiq-scheduler 0/1");
        compute.remove();
        assertThat(compute.ready().missing()).hasSize(4);
    }

    @Test
    void aReadyPodOfTheOldImageIsNotCountedWhileTheNewOneCannotBePulled() {
        instance.report(STREAMING, status -> status.withReplicas(2).withUpdatedReplicas(1).withReadyReplicas(1));
        assertThat(compute.ready().parts().get(STREAMING).ready()).isZero();
        instance.report(WEB, status -> status.withReplicas(3).withUpdatedReplicas(2).withReadyReplicas(3));
        assertThat(compute.ready().parts().get(WEB).ready()).isEqualTo(2);
    }

    @Test
    void countsOfAnEarlierGenerationDoNotCount() {
        instance.report(WEB, status -> status.withObservedGeneration(status.getObservedGeneration() - 1).withReplicas(2).withUpdatedReplicas(2).withReadyReplicas(2));
        assertThat(compute.ready().parts().get(WEB).ready()).isZero();
    }

    @Test
    void aDeploymentThatWasNotBroughtUpToDateYetDoesNotCount() {
        instance.report(WEB, 2, 2);
        var web = instance.deployment(WEB);
        web.getMetadata().getAnnotations().put(Workloads.REVISION_ANNOTATION, "another");
        client.resource(web).update();
        assertThat(compute.ready().parts().get(WEB).ready()).isZero();
    }

    @Test
    void anImageThatCannotBePulledIsSaid() {
        instance.pod(WEB, DeployedInstance.status(new ContainerStatusBuilder().withName("web")
                .withNewState().withNewWaiting().withReason("ImagePullBackOff").withMessage("Back-off pulling image \"ghcr.io/mastodon/mastodon:v9\": not found").endWaiting().endState().build()));
        assertThat(compute.ready().troubles()).containsExactly(WEB + ": ImagePullBackOff: Back-off pulling image \"ghcr.io/mastodon/mastodon:v9\": not found");
        assertThat(compute.ready().waitingFor()).contains(WEB + " 0/2").contains("not found");
    }

    @Test
    void aCrashingContainerIsSaidWithItsExitCodeAndWords() {
        instance.pod(WEB, DeployedInstance.status(new ContainerStatusBuilder().withName("web").withRestartCount(3)
                .withNewState().withNewWaiting().withReason("CrashLoopBackOff").withMessage("back-off 40s restarting failed container").endWaiting().endState()
                .withNewLastState().withNewTerminated().withExitCode(1).withReason("Error").withMessage("words of its own").endTerminated().endLastState().build()));
        assertThat(compute.ready().troubles()).containsExactly(WEB + ": CrashLoopBackOff: the container ended with exit code 1 (Error): words of its own, restarted 3 times");
    }

    @Test
    void aContainerThatNeedsMoreMemoryIsSaid() {
        instance.pod(WEB, DeployedInstance.status(new ContainerStatusBuilder().withName("web").withRestartCount(1).withReady(false).withNewState().withNewRunning().endRunning().endState()
                .withNewLastState().withNewTerminated().withExitCode(137).withReason("OOMKilled").endTerminated().endLastState().build()));
        assertThat(compute.ready().troubles()).containsExactly(WEB + ": the container needed more memory than its limit allows and was killed (OOMKilled), restarted 1 time");
    }

    @Test
    void aPodForWhichNoNodeHasRoomIsSaid() {
        var status = new PodStatus();
        status.setConditions(List.of(new PodConditionBuilder().withType("PodScheduled").withStatus("False").withReason("Unschedulable").withMessage("0/3 nodes are available: 3 Insufficient memory.").build()));
        instance.pod(STREAMING, status);
        assertThat(compute.ready().troubles()).containsExactly(STREAMING + ": Unschedulable: 0/3 nodes are available: 3 Insufficient memory.");
    }

    @Test
    void aVolumeThatCannotBeMountedIsSaidFromThePodsEventsTheLatestFirst() {
        var creating = DeployedInstance.status(new ContainerStatusBuilder().withName("web").withNewState().withNewWaiting().withReason("ContainerCreating").endWaiting().endState().build());
        var pod = instance.pod(WEB, creating);
        assertThat(compute.ready().troubles()).as("what every pod goes through").isEmpty();
        instance.warning("Pod", "another", "another-uid", "FailedMount", "of another pod");
        instance.warning("Pod", pod.getMetadata().getName(), pod.getMetadata().getUid(), "FailedMount", "MountVolume.SetUp failed: secret \"a\" not found");
        instance.warning("Pod", pod.getMetadata().getName(), pod.getMetadata().getUid(), "FailedMount", "MountVolume.SetUp failed: secret \"b\" not found");
        assertThat(compute.ready().troubles()).containsExactly(WEB + ": FailedMount: MountVolume.SetUp failed: secret \"b\" not found");
    }

    @Test
    void aQuotaThatForbidsPodsIsSaidFromTheDeployment() {
        instance.report(WEB, status -> status.withReplicas(0).addNewCondition().withType("ReplicaFailure").withStatus("True").withReason("FailedCreate")
                .withMessage("pods \"example-social-web-x\" is forbidden: exceeded quota: team, requested: pods=1, used: pods=5, limited: pods=5").endCondition());
        assertThat(compute.ready().troubles()).singleElement().asString().startsWith(WEB + ": no pod can be created: ").contains("exceeded quota: team");
    }

    @Test
    void aQuotaThatForbidsPodsIsSaidFromEventsTooAndAnothersIsNot() {
        instance.warning("ReplicaSet", "example-social-other-5d4f", "rs-1", "FailedCreate", "of another");
        assertThat(compute.ready().troubles()).isEmpty();
        instance.warning("ReplicaSet", WEB + "-5d4f", "rs-2", "FailedCreate", "Error creating: exceeded quota: team");
        assertThat(compute.ready().troubles()).containsExactly(WEB + ": no pod can be created: FailedCreate: Error creating: exceeded quota: team");
    }

    @Test
    void podsThatARolloutReplacesSayNothing() {
        instance.pod(instance.deployment(WEB).getSpec().getTemplate(), Map.of(Workloads.TEMPLATE_ANNOTATION, "old"), DeployedInstance.status(new ContainerStatusBuilder().withName("web")
                .withNewState().withNewWaiting().withReason("ErrImagePull").withMessage("of the old image").endWaiting().endState().build()));
        assertThat(compute.ready().troubles()).isEmpty();
    }

    @Test
    void whatIsReadyIsNotLookedInto() {
        instance.report(WEB, 2, 2);
        instance.report(STREAMING, 1, 1);
        instance.pod(WEB, DeployedInstance.status(new ContainerStatusBuilder().withName("web").withNewState().withNewWaiting().withReason("ErrImagePull").endWaiting().endState().build()));
        assertThat(compute.ready().troubles()).isEmpty();
        assertThat(compute.ready().complete()).isTrue();
    }
}
