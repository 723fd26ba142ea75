package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.mastodon.SourceEnvironment;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.target.Compute;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.ParameterizedTest;

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

    private static final MastodonMigration BURSTING = Example.migration("concurrency: 10\n            replicas: 1", "concurrency: 10\n            replicas: 2\n            burstReplicas: 6");

    @Test
    void aBurstThatIsNoneIsRefused() {
        assertThat(of(BURSTING).violations()).isEmpty();
        assertThat(of(Example.migration("concurrency: 10\n            replicas: 1", "concurrency: 10\n            replicas: 2\n            burstReplicas: 2")).violations()).singleElement().asString().contains("burstReplicas of default is not more than its replicas");
    }

    @Test
    void sidekiqHasMorePodsForAWhileWhateverIsEditedMeanwhile() {
        of(BURSTING).ensure(Example.environment());
        assertThat(of(BURSTING).burstSidekiq()).as("one that does not run is not started").isEmpty();
        assertThat(replicas("example-social-sidekiq-default")).isZero();
        of(BURSTING).startSidekiq();
        assertThat(of(BURSTING).burstSidekiq()).containsExactly("example-social-sidekiq-default");
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(6);
        assertThat(replicas("example-social-sidekiq-scheduler")).isEqualTo(1);
        var before = versions();
        assertThat(of(BURSTING).burstSidekiq()).as("by an operator that was started anew").containsExactly("example-social-sidekiq-default");
        of(BURSTING).startSidekiq();
        assertThat(versions()).isEqualTo(before);
        of(BURSTING).ensure(Example.environment("SMTP_PASSWORD", "rotated"));
        of(BURSTING).startSidekiq();
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(6);

        assertThat(of(BURSTING).calmSidekiq()).isEmpty();
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(2);
        var calm = versions();
        assertThat(of(BURSTING).calmSidekiq()).isEmpty();
        assertThat(versions()).isEqualTo(calm);
    }

    /** An edit counts, and more than what somebody scaled by hand before it. */
    @ParameterizedTest
    @CsvSource({"3, 8, 6, 8, 3", "4, 6, 9, 6, 4", "5, , 6, 5, 5"})
    void anEditOfItsPodsCountsMeanwhile(int replicas, Integer burst, int before, int meanwhile, int after) {
        of(BURSTING).ensure(Example.environment());
        of(BURSTING).startSidekiq();
        of(BURSTING).burstSidekiq();
        edit("example-social-sidekiq-default", deployment -> deployment.getSpec().setReplicas(before));
        var edited = Example.migration("concurrency: 10\n            replicas: 1", "concurrency: 10\n            replicas: " + replicas + (burst == null ? "" : "\n            burstReplicas: " + burst));
        of(edited).ensure(Example.environment());
        of(edited).startSidekiq();
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(meanwhile);
        assertThat(of(edited).calmSidekiq()).isEmpty();
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(after);
    }

    @Test
    void whatSomebodyScaledByHandMeanwhileIsLeftAlone() {
        of(BURSTING).ensure(Example.environment());
        of(BURSTING).startSidekiq();
        edit("example-social-sidekiq-default", deployment -> deployment.getSpec().setReplicas(3));
        assertThat(of(BURSTING).burstSidekiq()).as("before").isEmpty();
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(3);
        edit("example-social-sidekiq-default", deployment -> deployment.getSpec().setReplicas(2));
        of(BURSTING).burstSidekiq();
        edit("example-social-sidekiq-default", deployment -> deployment.getSpec().setReplicas(9));
        assertThat(of(BURSTING).calmSidekiq()).containsExactly("example-social-sidekiq-default");
        assertThat(replicas("example-social-sidekiq-default")).isEqualTo(9);
        assertThat(of(BURSTING).calmSidekiq()).as("told once").isEmpty();
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
    void twoPodsGetABudgetThatLetsADrainTakeOneAndOnePodGetsNone() {
        compute.ensure(Example.environment());
        var budget = client.resources(PodDisruptionBudget.class).inNamespace(NAMESPACE).withName("example-social-web").get();
        assertThat(budget.getSpec().getMaxUnavailable().getIntVal()).isEqualTo(1);
        assertThat(budget.getSpec().getSelector().getMatchLabels()).isEqualTo(deployment("example-social-web").getSpec().getSelector().getMatchLabels());
        of(Example.migration("web: {replicas: 2}", "web: {replicas: 1}")).ensure(Example.environment());
        assertThat(versions()).doesNotContainKey("PodDisruptionBudget/example-social-web");
    }

    @Test
    void certificatesOfTheTargetAreAFileAndNoVariable() {
        compute.ensure(withCertificates());
        var secret = client.secrets().inNamespace(NAMESPACE).withName("example-social-ca").get();
        assertThat(secret.getData()).containsOnlyKeys("ca.pem");
        assertThat(client.secrets().inNamespace(NAMESPACE).withName("example-social-env").get().getData()).doesNotContainKey(MastodonEnvironment.CA_CERTIFICATES).containsKey("PGSSLROOTCERT");
        for (var name : List.of("example-social-web", "example-social-streaming", "example-social-sidekiq-default")) {
            assertThat(mountsCertificates(deployment(name).getSpec().getTemplate())).as(name).isTrue();
        }
        compute.startFeeds();
        compute.smokeTest();
        assertThat(client.batch().v1().jobs().inNamespace(NAMESPACE).list().getItems()).hasSize(3).allMatch(job -> mountsCertificates(job.getSpec().getTemplate()));
        compute.ensure(Example.environment());
        assertThat(versions()).doesNotContainKey("Secret/example-social-ca");
        assertThat(mountsCertificates(deployment("example-social-web").getSpec().getTemplate())).isFalse();
    }

    private static boolean mountsCertificates(PodTemplateSpec pod) {
        return pod.getSpec().getVolumes().stream().filter(volume -> volume.getSecret() != null && volume.getSecret().getSecretName().equals("example-social-ca"))
                .anyMatch(volume -> pod.getSpec().getContainers().getFirst().getVolumeMounts().stream()
                        .anyMatch(mount -> mount.getName().equals(volume.getName()) && (mount.getMountPath() + "/ca.pem").equals(MastodonEnvironment.CA_FILE)));
    }

    private static SortedMap<String, String> withCertificates() {
        return MastodonEnvironment.of(new SourceEnvironment(Example.web(), Example.streaming()), Example.migration().getSpec(),
                Example.POSTGRES.toString(), Optional.of("PEM"), "rediss://:p@cache.example.net:6380", Optional.empty());
    }

    @Test
    void theRevisionIsOfWhatWasBroughtAboutAndChangesWithImageConfigurationAndPods() {
        assertThat(compute.revision()).isEmpty();
        compute.ensure(Example.environment());
        var first = compute.revision();
        assertThat(first).isNotEmpty();
        assertThat(of(Example.migration("mastodon:v4.5.3", "mastodon:v4.5.4")).revision()).as("before ensure").isEqualTo(first);
        var seen = new HashSet<>(Set.of(first));
        of(Example.migration("mastodon:v4.5.3", "mastodon:v4.5.4")).ensure(Example.environment());
        assertThat(seen.add(compute.revision())).as("image").isTrue();
        of(Example.migration("mastodon-streaming:v4.5.3", "mastodon-streaming:v4.5.4")).ensure(Example.environment());
        assertThat(seen.add(compute.revision())).as("streaming image").isTrue();
        compute.ensure(Example.environment("SMTP_PASSWORD", "rotated"));
        assertThat(seen.add(compute.revision())).as("environment").isTrue();
        of(Example.migration("web: {replicas: 2}", "web: {replicas: 2, podTemplate: {labels: {team: social}}}")).ensure(Example.environment());
        assertThat(seen.add(compute.revision())).as("podTemplate").isTrue();
        of(Example.migration("web: {replicas: 2}", "web: {replicas: 3}")).ensure(Example.environment());
        assertThat(compute.revision()).as("replicas are no other revision").isEqualTo(first);
    }

    @Test
    void preflightNamesEveryForeignObjectAtOnce() {
        assertThat(compute.preflight()).isEqualTo(Findings.NONE);
        for (var name : List.of("example-social-env", "example-social-ca")) {
            client.resource(new SecretBuilder().withNewMetadata().withNamespace(NAMESPACE).withName(name).endMetadata().build()).create();
        }
        assertThat(compute.preflight().blockers()).hasSize(2).allSatisfy(blocker -> assertThat(blocker).contains("was not made by this migration"));
    }

    @Test
    void whereRequestsGoIsSaidInWords() {
        assertThat(compute.entrances()).isEqualTo(new Compute.Entrances("what stands in front of Service example-social-web:3000", "what stands in front of Service example-social-streaming:4000"));
    }

    @Test
    void whatOnlyTheAdapterSeesOfTheSpecIsAViolation() {
        assertThat(compute.violations()).isEmpty();
        assertThat(of(Example.migration("- name: scheduler ", "- name: default ")).violations()).singleElement().asString().contains("same name");
        assertThat(of(Example.migration("        web: {replicas: 2}", "        ingress: {}\n        web: {replicas: 2}")).violations()).singleElement().asString().contains("not supported yet");
        assertThat(of(Example.migration("    streamingImage: ghcr.io/mastodon/mastodon-streaming:v4.5.3", "")).violations()).singleElement().asString().contains("streamingImage is required");
    }

    @Test
    void aWriteInBetweenIsToldAsSomethingThatMayPass() {
        compute.ensure(Example.environment());
        var objects = new OwnedObjects(client, WorkloadNames.of(migration));
        var stale = deployment("example-social-web");
        edit("example-social-web", deployment -> deployment.getMetadata().getLabels().put("someone", "else"));
        assertThatThrownBy(() -> objects.replace(stale, stale)).isInstanceOf(OutsideException.class).hasMessageStartingWith("The Kubernetes API refused a request: ")
                .extracting(e -> ((OutsideException) e).mayPass()).isEqualTo(true);
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
