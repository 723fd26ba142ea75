package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChartTest {
    private static final Path CRD = Path.of("crds/mastodonmigrations.mastodonmigration.dev.yaml");

    @Test
    void helmFindsNothingToComplainAbout() {
        var result = new Helm(Chart.DIRECTORY).lint().strict().call();
        assertThat(result.isFailed()).as(result.getMessages().toString()).isFalse();
    }

    @Test
    void nothingIsOutsideTheNamespaceExceptTheCrd() {
        var chart = Chart.rendered();
        assertThat(chart.objects()).extracting(HasMetadata::getKind)
                .containsExactlyInAnyOrder("CustomResourceDefinition", "ServiceAccount", "Role", "RoleBinding", "Role", "RoleBinding", "NetworkPolicy", "NetworkPolicy", "Deployment");
        assertThat(chart.objects()).filteredOn(object -> !(object instanceof CustomResourceDefinition)).extracting(object -> object.getMetadata().getNamespace()).containsOnly("mastodon");
    }

    @Test
    void theRoleAllowsWhatTheOperatorCallsAndNothingElse() {
        var chart = Chart.rendered();
        assertThat(verbs(role(chart, "mover-mastodon-migration-operator-lease"))).isEqualTo(Map.of("coordination.k8s.io/leases", Set.of("get", "create", "update")));
        var changed = Set.of("get", "create", "update", "delete");
        assertThat(verbs(role(chart, "mover-mastodon-migration-operator"))).isEqualTo(Map.ofEntries(
                Map.entry("mastodonmigration.dev/mastodonmigrations", Set.of("get", "list", "watch", "patch", "update")),
                Map.entry("mastodonmigration.dev/mastodonmigrations/status", Set.of("update")),
                Map.entry("batch/jobs", Set.of("get", "list", "create", "delete")),
                Map.entry("batch/cronjobs", Set.of("get", "list", "create", "update", "delete")),
                Map.entry("/pods", Set.of("list")),
                Map.entry("/events", Set.of("create", "list")),
                Map.entry("/secrets", changed),
                Map.entry("/services", changed),
                Map.entry("apps/deployments", changed),
                Map.entry("policy/poddisruptionbudgets", changed),
                Map.entry("networking.k8s.io/ingresses", changed),
                Map.entry("gateway.networking.k8s.io/httproutes", changed)));
    }

    @Test
    void noLeaseButItsOwnIsReadOrChanged() {
        assertThat(role(Chart.rendered(), "mover-mastodon-migration-operator-lease").getRules()).filteredOn(rule -> !rule.getVerbs().equals(List.of("create")))
                .allSatisfy(rule -> assertThat(rule.getResourceNames()).containsExactly("mastodon-migration-operator"));
    }

    @Test
    void eachRoleIsBoundToTheOperatorsAccount() {
        var chart = Chart.rendered();
        var account = chart.only(ServiceAccount.class);
        assertThat(account.getAutomountServiceAccountToken()).isFalse();
        assertBound(chart, account.getMetadata().getName(), "mastodon");
        assertThat(chart.only(Deployment.class).getSpec().getTemplate().getSpec().getServiceAccountName()).isEqualTo(account.getMetadata().getName());
    }

    @Test
    void migrationsOfOtherNamespacesHaveARoleAndAPolicyThereAndTheOperatorNoneAtHomeButItsLease() {
        var chart = Chart.rendered("watchNamespaces[0]", "one", "watchNamespaces[1]", "other");
        assertThat(chart.all(Role.class)).extracting(role -> role.getMetadata().getNamespace() + "/" + role.getMetadata().getName()).containsExactlyInAnyOrder(
                "one/mover-mastodon-migration-operator", "other/mover-mastodon-migration-operator", "mastodon/mover-mastodon-migration-operator-lease");
        assertThat(chart.all(Role.class)).filteredOn(role -> !role.getMetadata().getNamespace().equals("mastodon"))
                .allSatisfy(role -> assertThat(verbs(role)).isEqualTo(verbs(role(Chart.rendered(), role.getMetadata().getName()))));
        assertBound(chart, chart.only(ServiceAccount.class).getMetadata().getName(), "mastodon");
        assertThat(chart.all(NetworkPolicy.class)).extracting(policy -> policy.getMetadata().getNamespace()).containsExactlyInAnyOrder("one", "one", "other", "other");
        assertThat(chart.all(NetworkPolicy.class)).allSatisfy(policy -> assertThat(policy.getSpec().getIngress().getLast().getFrom().getFirst().getNamespaceSelector().getMatchLabels())
                .isEqualTo(Map.of("kubernetes.io/metadata.name", "mastodon")));
        assertThat(values(operator(chart))).containsEntry("QUARKUS_OPERATOR_SDK_NAMESPACES", "one,other");
    }

    @Test
    void onlyTheOperatorReachesTheWorkersPortAndWorkersReachEverything() {
        var chart = Chart.rendered("worker.port", "9000");
        var policy = chart.only(NetworkPolicy.class).getSpec();
        assertThat(policy.getPolicyTypes()).containsExactly("Ingress");
        assertThat(policy.getIngress()).singleElement().satisfies(rule -> {
            assertThat(rule.getPorts()).singleElement().satisfies(port -> assertThat(port.getPort().getIntVal()).isEqualTo(9000));
            assertThat(rule.getFrom()).singleElement().satisfies(peer -> assertThat(chart.only(Deployment.class).getSpec().getTemplate().getMetadata().getLabels())
                    .containsAllEntriesOf(peer.getPodSelector().getMatchLabels()));
        });
        assertThat(Chart.rendered("networkPolicy.enabled", "false").find(NetworkPolicy.class)).isEmpty();
    }

    @Test
    void usersReachTheEdgeAndOnlyTheOperatorAndTheEdgeItselfWhatGovernsIt() {
        var chart = Chart.rendered();
        var policy = chart.all(NetworkPolicy.class).getLast().getSpec();
        assertThat(policy.getPodSelector().getMatchLabels()).isEqualTo(Map.of("app.kubernetes.io/managed-by", "mastodon-migration-operator", "app.kubernetes.io/component", "edge"));
        assertThat(policy.getIngress()).extracting(rule -> rule.getPorts().getFirst().getPort().getIntVal()).containsExactly(8080, 8081);
        assertThat(policy.getIngress().getFirst().getFrom()).isEmpty();
        assertThat(policy.getIngress().getLast().getFrom()).hasSize(2).satisfiesExactly(
                operator -> assertThat(chart.only(Deployment.class).getSpec().getTemplate().getMetadata().getLabels()).containsAllEntriesOf(operator.getPodSelector().getMatchLabels()),
                edge -> assertThat(edge.getPodSelector()).isEqualTo(policy.getPodSelector()));
    }

    @Test
    void whoScrapesTheEdgeIsLetInWhereTheAdminSaysSo() {
        var policies = Chart.rendered("networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.team", "monitoring").all(NetworkPolicy.class);
        assertThat(policies.getLast().getSpec().getIngress().getLast().getFrom()).hasSize(3).last().satisfies(peer -> assertThat(peer.getNamespaceSelector().getMatchLabels()).isEqualTo(Map.of("team", "monitoring")));
        assertThat(policies.getFirst().getSpec().getIngress().getFirst().getFrom()).as("not to the workers").hasSize(1);
    }

    @Test
    void theOperatorMeetsRestrictedPodSecurityOnAReadOnlyRoot() {
        var pod = Chart.rendered().only(Deployment.class).getSpec().getTemplate().getSpec();
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getSecurityContext().getRunAsUser()).isEqualTo(10001L);
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        var container = operator(Chart.rendered());
        assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(container.getVolumeMounts()).extracting(mount -> mount.getMountPath()).containsExactly("/tmp");
        assertThat(pod.getVolumes()).singleElement().satisfies(volume -> {
            assertThat(volume.getEmptyDir().getMedium()).isEqualTo("Memory");
            assertThat(volume.getEmptyDir().getSizeLimit()).isEqualTo(new Quantity("64Mi"));
        });
        assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
        assertThat(container.getResources().getLimits()).containsKey("memory");
    }

    @Test
    void aNewOperatorIsThereBeforeTheOldOneGoesAndIsProbed() {
        var chart = Chart.rendered();
        assertThat(chart.only(Deployment.class).getSpec().getReplicas()).isEqualTo(1);
        assertThat(Chart.rendered("replicas", "2").only(Deployment.class).getSpec().getReplicas()).isEqualTo(2);
        assertThat(chart.only(Deployment.class).getSpec().getStrategy().getRollingUpdate().getMaxUnavailable().getIntVal()).isZero();
        var container = operator(chart);
        assertThat(container.getArgs()).containsExactly("operator");
        assertThat(container.getLivenessProbe().getHttpGet().getPath()).isEqualTo("/q/health/live");
        assertThat(container.getStartupProbe().getHttpGet().getPath()).isEqualTo("/q/health/live");
        assertThat(container.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/q/health/ready");
        assertThat(chart.only(Deployment.class).getSpec().getTemplate().getMetadata().getLabels())
                .containsAllEntriesOf(chart.only(Deployment.class).getSpec().getSelector().getMatchLabels());
    }

    @Test
    void itWatchesItsOwnNamespaceAndWorkersRunItsOwnImage() {
        var container = operator(Chart.rendered());
        var fields = container.getEnv().stream().filter(variable -> variable.getValueFrom() != null)
                .collect(Collectors.toMap(EnvVar::getName, variable -> variable.getValueFrom().getFieldRef().getFieldPath()));
        assertThat(fields).isEqualTo(Map.of("QUARKUS_KUBERNETES_CLIENT_NAMESPACE", "metadata.namespace", "POD_NAME", "metadata.name"));
        assertThat(values(container)).containsEntry("QUARKUS_OPERATOR_SDK_NAMESPACES", "mastodon");
        assertThat(container.getImage()).isEqualTo("mastodon-migration-operator:0.1.0");
        assertThat(values(container)).containsEntry("MASTODON_MIGRATION_WORKER_IMAGE", container.getImage()).containsEntry("MASTODON_MIGRATION_WORKER_PORT", "8089")
                .containsEntry("MASTODON_MIGRATION_HEROKU_API_URL", "https://api.heroku.com");
    }

    @Test
    void ownValuesReachTheManifests(@TempDir Path directory) throws IOException {
        var values = Files.writeString(directory.resolve("values.yaml"), """
                image: {repository: registry.example.net:5000/mover, tag: v9, pullPolicy: Always}
                imagePullSecrets: [{name: pull}, {name: mirror}]
                worker: {image: 'registry.example.net/worker:v8', port: 9000}
                heroku: {apiUrl: 'https://heroku.example.net'}
                serviceAccount: {name: chosen, annotations: {a: b}}
                logLevel: DEBUG
                podLabels: {team: social}
                podAnnotations: {note: hello}
                nodeSelector: {disk: ssd}
                tolerations: [{key: spot, operator: Exists}]
                fullnameOverride: short
                """);
        var chart = Chart.renderedWith(values);
        var pod = chart.only(Deployment.class).getSpec().getTemplate();
        assertThat(chart.only(Deployment.class).getMetadata().getName()).isEqualTo("short");
        assertThat(operator(chart).getImage()).isEqualTo("registry.example.net:5000/mover:v9");
        assertThat(values(operator(chart))).containsEntry("MASTODON_MIGRATION_WORKER_IMAGE", "registry.example.net/worker:v8").containsEntry("MASTODON_MIGRATION_WORKER_PORT", "9000")
                .containsEntry("MASTODON_MIGRATION_HEROKU_API_URL", "https://heroku.example.net")
                .containsEntry("LOG_LEVEL", "DEBUG").containsEntry("MASTODON_MIGRATION_WORKER_IMAGE_PULL_SECRETS", "pull,mirror");
        assertThat(pod.getSpec().getImagePullSecrets()).extracting(LocalObjectReference::getName).containsExactly("pull", "mirror");
        assertThat(chart.only(ServiceAccount.class).getMetadata().getName()).isEqualTo("chosen");
        assertThat(chart.only(ServiceAccount.class).getMetadata().getAnnotations()).containsEntry("a", "b");
        assertThat(pod.getMetadata().getLabels()).containsEntry("team", "social");
        assertThat(pod.getMetadata().getAnnotations()).containsEntry("note", "hello");
        assertThat(pod.getSpec().getNodeSelector()).containsEntry("disk", "ssd");
        assertThat(pod.getSpec().getTolerations()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"image.repository,''", "image.repository,name:tag", "image.pullPolicy,Sometimes", "worker.port,80", "worker.port,high", "logLevel,LOUD", "crds.install,maybe",
        "crd.install,true", "replicas,0", "replicas,3", "watchNamespaces[0],Not_a_name", "networkPolicy.enabled,maybe", "networkPolicy.metricsFrom[0].namespace,monitoring", "serviceAccount.nam,x"})
    void valuesThatCannotBeMeantAreRefused(String name, String value) {
        assertThatThrownBy(() -> Chart.rendered(name, value)).isInstanceOf(IllegalStateException.class).hasMessageContaining(name.split("[.\\[]")[0]);
    }

    @Test
    void anAccountThatIsNeitherMadeNorNamedIsRefused() {
        assertThatThrownBy(() -> Chart.rendered("serviceAccount.create", "false")).isInstanceOf(IllegalStateException.class).hasMessageContaining("serviceAccount.name");
        var chart = Chart.rendered("serviceAccount.create", "false", "serviceAccount.name", "given");
        assertThat(chart.find(ServiceAccount.class)).isEmpty();
        assertBound(chart, "given", "mastodon");
    }

    @Test
    void theCrdIsInstalledUnlessToldOtherwiseAndKeptForEver() {
        assertThat(Chart.rendered("crds.install", "false").find(CustomResourceDefinition.class)).isEmpty();
        assertThat(Chart.rendered().only(CustomResourceDefinition.class).getMetadata().getAnnotations()).containsEntry("helm.sh/resource-policy", "keep");
    }

    @Test
    void theChartsCrdIsTheOneInCrds() throws IOException {
        assertThat(Files.readString(Chart.DIRECTORY.resolve("files/crd.yaml"))).as("run `make crds`").isEqualTo(Files.readString(CRD));
        var rendered = Chart.rendered().only(CustomResourceDefinition.class);
        assertThat(rendered.getSpec()).isEqualTo(Serialization.unmarshal(Files.readString(CRD), CustomResourceDefinition.class).getSpec());
    }

    private static void assertBound(Chart chart, String account, String namespace) {
        assertThat(chart.all(RoleBinding.class)).extracting(ChartTest::name).containsExactlyInAnyOrderElementsOf(chart.all(Role.class).stream().map(ChartTest::name).toList());
        assertThat(chart.all(RoleBinding.class)).allSatisfy(binding -> {
            assertThat(binding.getRoleRef().getName()).isEqualTo(binding.getMetadata().getName());
            assertThat(binding.getSubjects()).singleElement().satisfies(subject -> {
                assertThat(subject.getName()).isEqualTo(account);
                assertThat(subject.getNamespace()).isEqualTo(namespace);
            });
        });
    }

    private static String name(HasMetadata object) {
        return object.getMetadata().getNamespace() + "/" + object.getMetadata().getName();
    }

    private static Role role(Chart chart, String name) {
        return chart.all(Role.class).stream().filter(role -> role.getMetadata().getName().equals(name)).findFirst().orElseThrow();
    }

    private static Map<String, Set<String>> verbs(Role role) {
        var verbs = new TreeMap<String, Set<String>>();
        for (var rule : role.getRules()) {
            assertThat(rule.getNonResourceURLs()).isEmpty();
            rule.getApiGroups().forEach(group -> rule.getResources().forEach(resource ->
                    verbs.computeIfAbsent(group + "/" + resource, key -> new TreeSet<>()).addAll(rule.getVerbs())));
        }
        return verbs;
    }

    private static Map<String, String> values(Container container) {
        return container.getEnv().stream().filter(variable -> variable.getValue() != null).collect(Collectors.toMap(EnvVar::getName, EnvVar::getValue));
    }

    private static Container operator(Chart chart) {
        return chart.only(Deployment.class).getSpec().getTemplate().getSpec().getContainers().getFirst();
    }
}
