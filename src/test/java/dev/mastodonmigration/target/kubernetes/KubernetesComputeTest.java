package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.target.Compute;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true, https = false)
class KubernetesComputeTest {
    private static final String NAMESPACE = "mastodon";

    /** Set by the extension. */
    KubernetesClient client;
    private Compute compute;
    private final MastodonMigration migration = Example.migration();

    @BeforeEach
    void connect() {
        compute = of(migration);
    }

    @Test
    void everythingIsMadeOnceAndNotWrittenAgain() {
        compute.ensure(Example.environment());
        var first = versions();
        assertThat(first).containsOnlyKeys("Secret/example-social-env", "Service/example-social-web", "Service/example-social-streaming",
                "Deployment/example-social-web", "Deployment/example-social-streaming", "Deployment/example-social-sidekiq-default", "Deployment/example-social-sidekiq-scheduler",
                "PodDisruptionBudget/example-social-web");
        compute.ensure(Example.environment());
        assertThat(versions()).isEqualTo(first);
    }

    @Test
    void defaultsThatTheApiServerFillsInCauseNoWrite() {
        compute.ensure(Example.environment());
        edit("example-social-web", deployment -> {
            deployment.getSpec().setRevisionHistoryLimit(10);
            deployment.getSpec().getTemplate().getSpec().setDnsPolicy("ClusterFirst");
        });
        var before = versions();
        compute.ensure(Example.environment());
        assertThat(versions()).isEqualTo(before);
    }

    @Test
    void aRotatedPasswordReachesSecretAndPodsAndLeavesServicesAlone() {
        compute.ensure(Example.environment());
        var before = versions();
        compute.ensure(Example.environment("SMTP_PASSWORD", "rotated"));
        assertThat(versions()).allSatisfy((name, version) -> {
            if (name.startsWith("Service/") || name.startsWith("PodDisruptionBudget/")) {
                assertThat(version).isEqualTo(before.get(name));
            } else {
                assertThat(version).as(name).isNotEqualTo(before.get(name));
            }
        });
    }

    @Test
    void sidekiqStartsOnlyWhenToldAndStaysAsItIs() {
        compute.ensure(Example.environment());
        assertThat(replicas("example-social-sidekiq-default")).isZero();
        compute.startSidekiq();
        compute.startSidekiq();
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(1);
        assertThat(replicas("example-social-sidekiq-scheduler")).isEqualTo(1);
        compute.ensure(Example.environment("SMTP_PASSWORD", "rotated"));
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(1);
    }

    @Test
    void anEntryThatIsGivenTheSchedulerQueueNeverRunsTwice() {
        var twoOfDefault = Example.migration("concurrency: 10\n            replicas: 1", "concurrency: 10\n            replicas: 3");
        of(twoOfDefault).ensure(Example.environment());
        of(twoOfDefault).startSidekiq();
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(3);
        of(Example.withoutSidekiq()).ensure(Example.environment());
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(1);
    }

    @Test
    void aSidekiqEntryThatLeftTheSpecIsStoppedSoThatNoSecondSchedulerRemains() {
        compute.ensure(Example.environment());
        compute.startSidekiq();
        of(Example.withoutSidekiq()).ensure(Example.environment());
        assertThat(versions()).containsKey("Deployment/example-social-sidekiq-default").doesNotContainKey("Deployment/example-social-sidekiq-scheduler");
        of(Example.withoutSidekiq()).remove();
        assertThat(versions()).isEmpty();
    }

    @Test
    void aForeignObjectIsNeverOverwrittenAndNothingElseIsMade() {
        client.resource(new SecretBuilder().withNewMetadata().withNamespace(NAMESPACE).withName("example-social-env").endMetadata().withStringData(Map.of("a", "b")).build()).create();
        assertThatThrownBy(() -> compute.ensure(Example.environment())).isInstanceOf(ForeignObjectException.class)
                .hasMessageContaining("Secret mastodon/example-social-env").hasMessageContaining("left as it is").hasMessageContaining("Delete or rename it");
        compute.remove();
        assertThat(versions()).containsOnlyKeys("Secret/example-social-env");
    }

    @Test
    void anEarlierMigrationsInstanceOfTheSameNameIsForeignToo() {
        compute.ensure(Example.environment());
        var before = versions();
        var recreated = Example.migration();
        recreated.getMetadata().setUid("99999999-2222-3333-4444-555555555555");
        assertThatThrownBy(() -> of(recreated).ensure(Example.environment())).isInstanceOf(ForeignObjectException.class).hasMessageContaining("11111111");
        assertThatThrownBy(() -> of(recreated).startSidekiq()).isInstanceOf(ForeignObjectException.class);
        of(recreated).remove();
        assertThat(versions()).isEqualTo(before);
    }

    @Test
    void whatOthersAnnotatedStaysAndServicesKeepTheirAddress() {
        compute.ensure(Example.environment());
        edit("example-social-web", deployment -> deployment.getMetadata().getAnnotations().put("deployment.kubernetes.io/revision", "4"));
        var service = client.services().inNamespace(NAMESPACE).withName("example-social-web").get();
        service.getSpec().setClusterIP("10.1.2.3");
        service.getMetadata().getAnnotations().put("mastodonmigration.dev/intent", "of an older operator");
        client.resource(service).update();
        compute.ensure(Example.environment("SMTP_PASSWORD", "rotated"));
        assertThat(client.services().inNamespace(NAMESPACE).withName("example-social-web").get().getSpec().getClusterIP()).isEqualTo("10.1.2.3");
        assertThat(deployment("example-social-web").getMetadata().getAnnotations()).containsEntry("deployment.kubernetes.io/revision", "4");
    }

    @Test
    void aWriteInBetweenIsNotOverwritten() {
        compute.ensure(Example.environment());
        var stale = deployment("example-social-web");
        edit("example-social-web", deployment -> deployment.getMetadata().getLabels().put("someone", "else"));
        var version = stale.getMetadata().getResourceVersion();
        assertThatThrownBy(() -> client.resource(stale).lockResourceVersion(version).update()).isInstanceOf(KubernetesClientException.class)
                .extracting(e -> ((KubernetesClientException) e).getCode()).isEqualTo(409);
    }

    @Test
    void readinessNamesWhatIsMissingAndWhatIsLate() {
        assertThat(compute.ready().complete()).isFalse();
        assertThat(compute.ready().missing()).hasSize(4);
        compute.ensure(Example.environment());
        assertThat(compute.ready().waitingFor()).isEqualTo("example-social-streaming 0/1, example-social-web 0/2");
        report("example-social-streaming", 1, 1);
        report("example-social-web", 2, 1);
        assertThat(compute.ready().waitingFor()).isEqualTo("example-social-web 1/2");
        report("example-social-web", 2, 2);
        assertThat(compute.ready().complete()).isTrue();
        compute.startSidekiq();
        assertThat(compute.ready().waitingFor()).isEqualTo("example-social-sidekiq-default 0/1, example-social-sidekiq-scheduler 0/1");
    }

    @Test
    void countsOfAnEarlierGenerationDoNotCount() {
        compute.ensure(Example.environment());
        report("example-social-web", 2, 2);
        edit("example-social-web", deployment -> deployment.getStatus().setObservedGeneration(deployment.getMetadata().getGeneration() - 1));
        assertThat(compute.ready().waitingFor()).contains("example-social-web 0/2");
    }

    private void report(String name, int updated, int ready) {
        edit(name, deployment -> deployment.setStatus(new DeploymentStatusBuilder().withObservedGeneration(deployment.getMetadata().getGeneration())
                .withReplicas(updated).withUpdatedReplicas(updated).withReadyReplicas(ready).build()));
    }

    private void edit(String name, Consumer<Deployment> change) {
        var deployment = deployment(name);
        if (deployment.getMetadata().getGeneration() == null) {
            deployment.getMetadata().setGeneration(1L);
        }
        change.accept(deployment);
        client.resource(deployment).update();
    }

    private Compute of(MastodonMigration other) {
        return new KubernetesComputes(client).of(other);
    }

    private int replicas(String name) {
        return deployment(name).getSpec().getReplicas();
    }

    private Deployment deployment(String name) {
        return client.apps().deployments().inNamespace(NAMESPACE).withName(name).get();
    }

    private Map<String, String> versions() {
        return Stream.of(Secret.class, Service.class, Deployment.class, PodDisruptionBudget.class).flatMap(kind -> client.resources(kind).inNamespace(NAMESPACE).list().getItems().stream())
                .map(HasMetadata.class::cast)
                .collect(Collectors.toMap(object -> object.getKind() + "/" + object.getMetadata().getName(), object -> object.getMetadata().getResourceVersion(), (a, b) -> a, TreeMap::new));
    }
}
