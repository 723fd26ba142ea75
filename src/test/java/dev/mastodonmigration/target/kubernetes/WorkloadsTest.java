package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.mastodon.SourceEnvironment;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HTTPHeader;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WorkloadsTest {
    private final Workloads workloads = Workloads.of(Example.migration(), Example.environment());

    @Test
    void oneSecretTwoServicesAndADeploymentForEachProcess() {
        assertThat(workloads.environment().getMetadata().getName()).isEqualTo("example-social-env");
        assertThat(workloads.services()).extracting(service -> service.getMetadata().getName()).containsExactly("example-social-web", "example-social-streaming");
        assertThat(workloads.services()).extracting(service -> service.getSpec().getPorts().getFirst().getPort()).containsExactly(3000, 4000);
        assertThat(workloads.deployments()).extracting(deployment -> deployment.getMetadata().getName())
                .containsExactly("example-social-web", "example-social-streaming", "example-social-sidekiq-default", "example-social-sidekiq-scheduler");
    }

    @Test
    void deletingTheMigrationNeverDeletesTheInstance() {
        assertThat(Stream.concat(Stream.concat(Stream.of(workloads.environment()), workloads.services().stream()), workloads.deployments().stream())).allSatisfy(object -> {
            assertThat(object.getMetadata().getOwnerReferences()).isEmpty();
            assertThat(object.getMetadata().getNamespace()).isEqualTo("mastodon");
            assertThat(object.getMetadata().getLabels()).containsEntry(WorkloadNames.UID_LABEL, "11111111-2222-3333-4444-555555555555")
                    .containsEntry("app.kubernetes.io/instance", "example-social");
        });
    }

    @Test
    void theSecretHoldsTheEnvironment() {
        var decoded = workloads.environment().getData().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> new String(Base64.getDecoder().decode(entry.getValue()))));
        assertThat(decoded).isEqualTo(new HashMap<>(Example.environment()));
    }

    @Test
    void everyPodMeetsRestrictedPodSecurityAndHasNoToken() {
        assertThat(workloads.deployments()).allSatisfy(deployment -> {
            var pod = deployment.getSpec().getTemplate().getSpec();
            assertThat(pod.getAutomountServiceAccountToken()).isFalse();
            assertThat(pod.getEnableServiceLinks()).isFalse();
            assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
            assertThat(pod.getSecurityContext().getRunAsUser()).isEqualTo(991L);
            assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
            var container = container(deployment);
            assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
            assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
            assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
            assertThat(container.getVolumeMounts()).extracting(mount -> mount.getMountPath()).containsExactlyInAnyOrder("/opt/mastodon/tmp", "/tmp");
            assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
            assertThat(container.getResources().getLimits()).containsKey("memory");
            assertThat(container.getEnvFrom()).singleElement().satisfies(from -> assertThat(from.getSecretRef().getName()).isEqualTo("example-social-env"));
            assertThat(container.getReadinessProbe()).isNotNull();
        });
    }

    @Test
    void selectorsMatchTheirOwnPodsAndNoOthers() {
        assertThat(workloads.deployments()).allSatisfy(deployment -> assertThat(deployment.getSpec().getTemplate().getMetadata().getLabels())
                .containsAllEntriesOf(deployment.getSpec().getSelector().getMatchLabels()));
        assertThat(workloads.deployments().stream().map(deployment -> deployment.getSpec().getSelector().getMatchLabels())).doesNotHaveDuplicates();
        assertThat(workloads.services()).allSatisfy(service -> assertThat(workloads.deployments().stream()
                .filter(deployment -> deployment.getSpec().getTemplate().getMetadata().getLabels().entrySet().containsAll(service.getSpec().getSelector().entrySet()))
                .map(deployment -> deployment.getMetadata().getName())).containsExactly(service.getMetadata().getName()));
    }

    @Test
    void webIsProbedAsTheProxyWouldCallIt() {
        var web = container("example-social-web");
        assertThat(web.getImage()).isEqualTo("ghcr.io/mastodon/mastodon:v4.5.3");
        assertThat(web.getCommand()).containsExactly("bundle", "exec", "puma", "-C", "config/puma.rb");
        assertThat(Stream.of(web.getStartupProbe(), web.getReadinessProbe(), web.getLivenessProbe())).allSatisfy(probe -> {
            assertThat(probe.getHttpGet().getPath()).isEqualTo("/health");
            assertThat(probe.getHttpGet().getHttpHeaders()).containsExactly(new HTTPHeader("Host", "www.example.social"), new HTTPHeader("X-Forwarded-Proto", "https"));
        });
        assertThat(deployment("example-social-web").getSpec().getReplicas()).isEqualTo(2);
    }

    @Test
    void streamingRunsItsOwnImage() {
        var streaming = container("example-social-streaming");
        assertThat(streaming.getImage()).isEqualTo("ghcr.io/mastodon/mastodon-streaming:v4.5.3");
        assertThat(streaming.getCommand()).containsExactly("node", "./streaming/index.js");
        assertThat(streaming.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/api/v1/streaming/health");
    }

    @Test
    void streamingIsToldInNodesWordsWhatSslmodeMeans() {
        assertThat(container("example-social-streaming").getEnv()).isEmpty();
        assertThat(streamingEnvironment("require")).containsEntry("DB_SSLMODE", "no-verify");
        assertThat(streamingEnvironment("prefer")).containsEntry("DB_SSLMODE", "disable");
    }

    @Test
    void sidekiqWaitsAtZeroAndIsNeverDoubledByARollout() {
        assertThat(workloads.deployments().subList(2, 4)).allSatisfy(deployment -> {
            assertThat(deployment.getSpec().getReplicas()).isZero();
            assertThat(deployment.getSpec().getStrategy().getType()).isEqualTo("Recreate");
        });
        var sidekiq = container("example-social-sidekiq-default");
        assertThat(sidekiq.getCommand()).containsSubsequence("bundle", "exec", "sidekiq", "-c", "10", "-q", "default,8", "-q", "push,6").doesNotContain("scheduler");
        assertThat(env(sidekiq)).containsEntry("DB_POOL", "10");
        assertThat(sidekiq.getReadinessProbe().getExec().getCommand().getLast()).isEqualTo("/opt/mastodon/tmp/sidekiq_process_has_started_and_will_begin_processing_jobs");
        assertThat(container("example-social-sidekiq-scheduler").getCommand()).endsWith("-c", "5", "-q", "scheduler");
    }

    @Test
    void withoutEntriesOneSidekiqServesEveryQueue() {
        var deployments = Workloads.of(Example.withoutSidekiq(), Example.environment()).deployments();
        assertThat(deployments).hasSize(3);
        assertThat(deployments.getLast().getMetadata().getName()).isEqualTo("example-social-sidekiq-default");
        assertThat(container(deployments.getLast()).getCommand())
                .endsWith("-q", "default,8", "-q", "push,6", "-q", "ingress,4", "-q", "mailers,2", "-q", "pull", "-q", "scheduler", "-q", "fasp");
    }

    @Test
    void twoSchedulersOrNoneAreRefusedWhateverTheSchemaLetThrough() {
        for (var broken : new MastodonMigration[] {
            Example.migration("[scheduler]", "[pull]"),
            Example.migration("concurrency: 5\n            replicas: 1", "concurrency: 5\n            replicas: 2"),
            Example.migration("pull, fasp]", "pull, fasp, scheduler]"),
            Example.migration("- name: scheduler ", "- name: default ")}) {
            assertThatThrownBy(() -> Workloads.of(broken, Example.environment())).isInstanceOf(OutsideException.class).hasMessageContaining("spec.target.compute.kubernetes.sidekiq");
        }
    }

    @Test
    void aForgottenQueueAndAnImpossibleNameAreFound() {
        assertThat(WorkloadFindings.of(Example.migration())).isEqualTo(Findings.NONE);
        assertThat(WorkloadFindings.of(Example.migration("pull, fasp]", "fasp]")).notes()).singleElement().asString().contains("queue pull");
        assertThat(WorkloadFindings.of(Example.migration("pull, fasp]", "pull]")).notes()).singleElement().asString().contains("queue fasp");
        assertThat(WorkloadFindings.of(Example.migration("name: example-social", "name: example.social")).blockers()).singleElement().asString().contains("for example example-social.");
        assertThat(WorkloadNames.problem("a-name-that-is-far-too-long-to-name-a-service-after")).isPresent();
        assertThat(WorkloadNames.problem("9lives")).hasValueSatisfying(message -> assertThat(message).contains("lives"));
    }

    @Test
    void anotherEnvironmentRollsThePodsAndNothingElseDoes() {
        var again = Workloads.of(Example.migration(), Example.environment());
        var rotated = Workloads.of(Example.migration(), Example.environment("SMTP_PASSWORD", "rotated"));
        assertThat(Digest.of(again.deployments())).isEqualTo(Digest.of(workloads.deployments()));
        assertThat(rotated.deployments()).noneSatisfy(deployment -> assertThat(deployment.getSpec().getTemplate()).isEqualTo(workloads.deployments().getFirst().getSpec().getTemplate()));
        assertThat(Digest.of(rotated.deployments().getFirst())).isNotEqualTo(Digest.of(workloads.deployments().getFirst()));
    }

    @Test
    void aDigestIsTheSameInWhateverOrderAMapIsFilled() {
        var keys = new ArrayList<>(Example.web().entrySet());
        var forward = new LinkedHashMap<String, String>();
        keys.forEach(entry -> forward.put(entry.getKey(), entry.getValue()));
        var backward = new LinkedHashMap<String, String>();
        keys.reversed().forEach(entry -> backward.put(entry.getKey(), entry.getValue()));
        assertThat(Digest.of(forward)).isEqualTo(Digest.of(backward));
    }

    @Test
    void morePumaWorkersGetMoreMemory() {
        var big = Workloads.of(Example.migration(), Example.environment("WEB_CONCURRENCY", "8")).deployments().getFirst();
        assertThat(container(big).getResources().getLimits().get("memory").getNumericalAmount())
                .isGreaterThan(container("example-social-web").getResources().getLimits().get("memory").getNumericalAmount());
    }

    private static Map<String, String> streamingEnvironment(String mode) {
        var environment = MastodonEnvironment.of(new SourceEnvironment(Example.web(), Map.of()), Example.migration().getSpec(),
                "postgres://u:p@h/d?sslmode=" + mode, Optional.empty(), Example.REDIS.toString(), Optional.empty());
        return env(container(Workloads.of(Example.migration(), environment).deployments().get(1)));
    }

    private static Map<String, String> env(Container container) {
        return container.getEnv().stream().collect(Collectors.toMap(EnvVar::getName, EnvVar::getValue));
    }

    private Container container(String deployment) {
        return container(deployment(deployment));
    }

    private static Container container(Deployment deployment) {
        return deployment.getSpec().getTemplate().getSpec().getContainers().getFirst();
    }

    private Deployment deployment(String name) {
        return workloads.deployments().stream().filter(deployment -> deployment.getMetadata().getName().equals(name)).findFirst().orElseThrow();
    }
}
