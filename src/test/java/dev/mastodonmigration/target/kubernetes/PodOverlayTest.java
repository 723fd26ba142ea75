package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.mastodon.Example;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PodOverlayTest {
    private static final String ALL = "      kubernetes:                                 # Deployments and Services example-social-…; Sidekiq waits at 0 until the target is live\n";

    @Test
    void withoutOnePodsSpreadOverNodesAndZonesWhereTheyCan() {
        assertThat(web("{}").getSpec().getTopologySpreadConstraints()).hasSize(2).allSatisfy(constraint -> {
            assertThat(constraint.getWhenUnsatisfiable()).isEqualTo("ScheduleAnyway");
            assertThat(constraint.getLabelSelector().getMatchLabels()).containsEntry("app.kubernetes.io/component", "web");
        }).extracting(constraint -> constraint.getTopologyKey()).containsExactly("kubernetes.io/hostname", "topology.kubernetes.io/zone");
    }

    @Test
    void placesAccountsAndPullSecretsAreTheAdmins() {
        var pod = web("{nodeSelector: {pool: web}, tolerations: [{key: dedicated, operator: Equal, value: web, effect: NoSchedule}], serviceAccountName: media, imagePullSecrets: [{name: registry}],"
                + " affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}},"
                + " topologySpreadConstraints: [{maxSkew: 2, topologyKey: rack, whenUnsatisfiable: DoNotSchedule}]}").getSpec();
        assertThat(pod.getNodeSelector()).containsEntry("pool", "web");
        assertThat(pod.getTolerations()).singleElement().satisfies(toleration -> assertThat(toleration.getEffect()).isEqualTo("NoSchedule"));
        assertThat(pod.getServiceAccountName()).isEqualTo("media");
        assertThat(pod.getAutomountServiceAccountToken()).as("the API token of it").isFalse();
        assertThat(pod.getImagePullSecrets()).containsExactly(new LocalObjectReference("registry"));
        assertThat(pod.getAffinity().getNodeAffinity().getRequiredDuringSchedulingIgnoredDuringExecution().getNodeSelectorTerms()).hasSize(1);
        assertThat(pod.getTopologySpreadConstraints()).singleElement().satisfies(constraint -> {
            assertThat(constraint.getTopologyKey()).isEqualTo("rack");
            assertThat(constraint.getLabelSelector().getMatchLabels()).as("of its own process").containsEntry("app.kubernetes.io/component", "web");
        });
    }

    @Test
    void aResourceThatTheAdminNamesIsOnlyWhatTheySay() {
        assertThat(container(web("{resources: {requests: {memory: 8Gi}}}")).getResources()).satisfies(resources -> {
            assertThat(resources.getRequests()).containsEntry("memory", new Quantity("8Gi")).containsKey("cpu");
            assertThat(resources.getLimits()).as("a limit of ours below the request would be refused").doesNotContainKey("memory");
        });
        assertThat(container(web("{resources: {requests: {cpu: 2}, limits: {cpu: 4}}}")).getResources()).satisfies(resources -> {
            assertThat(resources.getRequests()).containsEntry("cpu", new Quantity("2"));
            assertThat(resources.getLimits()).containsEntry("cpu", new Quantity("4")).containsKey("memory");
        });
    }

    @Test
    void variablesAreReplacedByNameAndTheSecretStays() {
        var container = container(streaming("{env: [{name: DB_POOL, value: '20'}, {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: k}}}]}"));
        assertThat(container.getEnv()).anyMatch(variable -> variable.getValueFrom() != null && variable.getValueFrom().getSecretKeyRef().getName().equals("s"));
        assertThat(values(container)).containsEntry("DB_POOL", "20");
        assertThat(container.getEnvFrom()).singleElement().satisfies(from -> assertThat(from.getSecretRef().getName()).isEqualTo("example-social-env"));
        var sidekiq = container(Workloads.of(Example.migration("            concurrency: 10", "            podTemplate: {env: [{name: DB_POOL, value: '99'}]}\n            concurrency: 10"), Example.environment())
                .deployments().get(2).getSpec().getTemplate());
        assertThat(values(sidekiq)).containsEntry("DB_POOL", "99").containsKey("MASTODON_SIDEKIQ_READY_FILENAME");
    }

    @Test
    void volumesAreReplacedByNameAndMountsByPath() {
        var pod = web("{volumes: [{name: tmp, emptyDir: {sizeLimit: 20Gi}}, {name: theme, configMap: {name: theme}}], volumeMounts: [{name: theme, mountPath: /opt/mastodon/theme, readOnly: true}]}");
        assertThat(pod.getSpec().getVolumes()).extracting(Volume::getName).containsExactly("mastodon-tmp", "tmp", "theme");
        assertThat(pod.getSpec().getVolumes().get(1).getEmptyDir().getSizeLimit()).isEqualTo(new Quantity("20Gi"));
        assertThat(container(pod).getVolumeMounts()).extracting(VolumeMount::getMountPath).containsExactly("/opt/mastodon/tmp", "/tmp", "/opt/mastodon/theme");
    }

    @Test
    void whatMakesAPodOursStays() {
        var ours = web("{}");
        var theirs = web("{labels: {app.kubernetes.io/component: mine, team: social}, annotations: {mastodonmigration.dev/environment: mine, a: b}}");
        assertThat(theirs.getMetadata().getLabels()).containsAllEntriesOf(ours.getMetadata().getLabels()).containsEntry("team", "social");
        assertThat(theirs.getMetadata().getAnnotations()).containsEntry("a", "b").containsEntry("mastodonmigration.dev/environment", ours.getMetadata().getAnnotations().get("mastodonmigration.dev/environment"));
        assertThat(container(theirs).getCommand()).isEqualTo(container(ours).getCommand());
    }

    @Test
    void aSecurityContextIsReplacedFieldByField() {
        var context = web("{securityContext: {runAsUser: 1000, fsGroup: 1000}}").getSpec().getSecurityContext();
        assertThat(context.getRunAsUser()).isEqualTo(1000L);
        assertThat(context.getRunAsNonRoot()).isTrue();
        assertThat(context.getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    }

    @Test
    void theTemplateOfAProcessWinsOverThatOfAll() {
        var migration = Example.migration(ALL, ALL + "        podTemplate: {nodeSelector: {pool: all, disk: fast}, env: [{name: A, value: all}]}\n",
                "web: {replicas: 2}", "web: {replicas: 2, podTemplate: {nodeSelector: {pool: web}, env: [{name: A, value: web}]}}");
        var deployments = Workloads.of(migration, Example.environment()).deployments();
        assertThat(deployments).allSatisfy(deployment -> assertThat(deployment.getSpec().getTemplate().getSpec().getNodeSelector()).containsEntry("disk", "fast"));
        assertThat(deployments.getFirst().getSpec().getTemplate().getSpec().getNodeSelector()).containsEntry("pool", "web");
        assertThat(deployments.getLast().getSpec().getTemplate().getSpec().getNodeSelector()).containsEntry("pool", "all");
        assertThat(values(container(deployments.getFirst().getSpec().getTemplate()))).containsEntry("A", "web");
    }

    private static PodTemplateSpec web(String podTemplate) {
        return Workloads.of(Example.migration("web: {replicas: 2}", "web: {replicas: 2, podTemplate: " + podTemplate + "}"), Example.environment()).deployments().getFirst().getSpec().getTemplate();
    }

    private static PodTemplateSpec streaming(String podTemplate) {
        return Workloads.of(Example.migration("streaming: {replicas: 1}", "streaming: {replicas: 1, podTemplate: " + podTemplate + "}"), Example.environment()).deployments().get(1).getSpec().getTemplate();
    }

    private static Map<String, String> values(Container container) {
        return container.getEnv().stream().filter(variable -> variable.getValue() != null).collect(Collectors.toMap(EnvVar::getName, EnvVar::getValue));
    }

    private static Container container(PodTemplateSpec pod) {
        return pod.getSpec().getContainers().getFirst();
    }
}
