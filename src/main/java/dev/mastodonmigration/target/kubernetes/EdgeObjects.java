package dev.mastodonmigration.target.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.edge.proxy.EdgeCommand;
import dev.mastodonmigration.edge.proxy.Routes;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the edge consists of on Kubernetes. Nothing has an ownerReference, as with {@link Workloads}: users come through it.
 *
 * @param image       of the operator
 * @param pullSecrets with which it is pulled
 */
record EdgeObjects(MastodonMigration migration, WorkloadNames names, String image, List<String> pullSecrets) {
    static final String COMPONENT = "edge";
    /** Streaming's, where it has no domain of its own. */
    static final String STREAMING_PATH = "/api/v1/streaming";
    static final String TOKEN = "token";
    static final String STATE = "state";
    /** Keys of the Secret that no pod reads: where the source takes requests, as it was told last; domains for which a request has ever come; and that nobody comes any more, so that its pods are removed. */
    static final String SOURCE = "source";
    static final String SEEN = "seen";
    static final String LEFT = "left";
    static final int CONTROL_PORT = 8081;
    private static final int USERS_PORT = 8080;
    private static final String USERS = "users";
    private static final String CONTROL = "control";
    private static final String FRONT = "front-";
    private static final String FILES = "/etc/mastodon-migration/edge";
    private static final long USER = 10001;
    /** Beyond the time that a pod takes to end by itself. */
    private static final long SPARE_SECONDS = 5;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Deployment, the Service by which its pods find each other, and its disruption budget. */
    String edge() {
        return names.of(COMPONENT);
    }

    /** Secret of the pods' token and state. */
    String secret() {
        return names.of("edge-state");
    }

    /** Service that the admin's load balancer sends the instance's requests to, but those of streaming. */
    String frontOfWeb() {
        return names.of(FRONT + WorkloadNames.WEB);
    }

    /** In words. */
    String entrances() {
        return "Service " + frontOfWeb() + " and Service " + frontOfStreaming();
    }

    /** As {@link #frontOfWeb}, for streaming. */
    String frontOfStreaming() {
        return names.of(FRONT + WorkloadNames.STREAMING);
    }

    /** Of that domain. */
    String front(String domain) {
        return SpecDefaults.webDomains(migration.getSpec()).contains(domain) ? frontOfWeb() : frontOfStreaming();
    }

    /** Web's, with the path of streaming where streaming has no domain of its own; then streaming's. */
    List<Routes.Route> toTarget() {
        var spec = migration.getSpec();
        var routes = new ArrayList<Routes.Route>();
        SpecDefaults.webDomains(spec).forEach(web -> {
            routes.add(new Routes.Route(web, "/", upstream(names.web(), MastodonProcesses.WEB_PORT)));
            routes.add(new Routes.Route(web, STREAMING_PATH, upstream(names.streaming(), MastodonProcesses.STREAMING_PORT)));
        });
        SpecDefaults.streamingDomain(spec).ifPresent(host -> routes.add(new Routes.Route(host, "/", upstream(names.streaming(), MastodonProcesses.STREAMING_PORT))));
        return List.copyOf(routes);
    }

    private URI upstream(String service, int port) {
        return URI.create("http://" + service + "." + names.namespace() + ".svc:" + port);
    }

    /** @param token that the pods are to take: they read it once, so that another one makes other pods */
    Deployment deployment(Routes routes, String token) {
        var revision = Digest.of(List.of(template(routes), token)).substring(0, Workloads.SHORT);
        var template = new PodTemplateSpecBuilder(template(routes)).editMetadata().addToAnnotations(Workloads.TEMPLATE_ANNOTATION, revision).endMetadata().build();
        return new DeploymentBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(edge()).withLabels(names.labels(COMPONENT))
                .addToAnnotations(Workloads.REVISION_ANNOTATION, revision).endMetadata()
                .withNewSpec()
                .withReplicas(SpecDefaults.edgeReplicas(migration.getSpec()))
                .withStrategy(Workloads.rolling())
                .withNewSelector().withMatchLabels(names.selector(COMPONENT)).endSelector()
                .withTemplate(template)
                .endSpec()
                .build();
    }

    private PodTemplateSpec template(Routes routes) {
        return new PodTemplateSpecBuilder()
                .withNewMetadata().withLabels(names.labels(COMPONENT)).endMetadata()
                .withNewSpec()
                    .withAutomountServiceAccountToken(false)
                    .withEnableServiceLinks(false)
                    .withTerminationGracePeriodSeconds(EdgeCommand.longestEnd(SpecDefaults.edgeHold(migration.getSpec())).toSeconds() + SPARE_SECONDS)
                    .withImagePullSecrets(pullSecrets.stream().map(LocalObjectReference::new).toList())
                    .withTopologySpreadConstraints(Workloads.spread(names, COMPONENT, "kubernetes.io/hostname"), Workloads.spread(names, COMPONENT, "topology.kubernetes.io/zone"))
                    .withNewSecurityContext()
                        .withRunAsNonRoot(true).withRunAsUser(USER).withRunAsGroup(USER).withFsGroup(USER)
                        .withNewSeccompProfile().withType("RuntimeDefault").endSeccompProfile()
                    .endSecurityContext()
                    .addNewContainer()
                        .withName(COMPONENT).withImage(image).withArgs(COMPONENT)
                        .withEnv(environment(routes))
                        .addNewPort().withName(USERS).withContainerPort(USERS_PORT).withProtocol("TCP").endPort()
                        .addNewPort().withName(CONTROL).withContainerPort(CONTROL_PORT).withProtocol("TCP").endPort()
                        .withNewReadinessProbe().withNewHttpGet().withPath("/ready").withNewPort(CONTROL).endHttpGet().withPeriodSeconds(1).withFailureThreshold(3).withTimeoutSeconds(2).endReadinessProbe()
                        .withNewLivenessProbe().withNewHttpGet().withPath("/live").withNewPort(CONTROL).endHttpGet().withInitialDelaySeconds(30).withPeriodSeconds(10).withFailureThreshold(6).withTimeoutSeconds(5).endLivenessProbe()
                        .withNewResources().withRequests(Map.of("cpu", new Quantity("100m"), "memory", new Quantity("192Mi"))).withLimits(Map.of("memory", new Quantity("512Mi"))).endResources()
                        .withNewSecurityContext()
                            .withAllowPrivilegeEscalation(false).withReadOnlyRootFilesystem(true).withRunAsNonRoot(true)
                            .withNewCapabilities().withDrop("ALL").endCapabilities()
                        .endSecurityContext()
                        .addNewVolumeMount().withName(STATE).withMountPath(FILES).withReadOnly(true).endVolumeMount()
                        .addNewVolumeMount().withName("tmp").withMountPath("/tmp").endVolumeMount()
                    .endContainer()
                    .addNewVolume().withName(STATE).withNewSecret().withSecretName(secret()).withDefaultMode(0440).endSecret().endVolume()
                    .addNewVolume().withName("tmp").withNewEmptyDir().endEmptyDir().endVolume()
                .endSpec()
                .build();
    }

    private List<EnvVar> environment(Routes routes) {
        var variables = new TreeMap<>(Map.of(
                "EDGE_ROUTES", json(routes),
                "EDGE_ID", names.uid(),
                "EDGE_HOLD_SECONDS", String.valueOf(SpecDefaults.edgeHold(migration.getSpec()).toSeconds()),
                "EDGE_TOKEN_FILE", FILES + "/" + TOKEN,
                "EDGE_STATE_FILE", FILES + "/" + STATE,
                "EDGE_PEERS", edge() + "." + names.namespace() + ".svc",
                "EDGE_USERS_PORT", String.valueOf(USERS_PORT),
                "EDGE_CONTROL_PORT", String.valueOf(CONTROL_PORT),
                "JAVA_TOOL_OPTIONS", EdgeCommand.JVM_OPTIONS));
        var all = new ArrayList<>(MastodonPod.env(variables));
        all.add(new EnvVarBuilder().withName("EDGE_ADDRESS").withNewValueFrom().withNewFieldRef().withApiVersion("v1").withFieldPath("status.podIP").endFieldRef().endValueFrom().build());
        return List.copyOf(all);
    }

    private static String json(Routes routes) {
        try {
            return JSON.writeValueAsString(routes);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("routes are always JSON", e);
        }
    }

    /** Has an address for each pod. */
    Service peers() {
        return new ServiceBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(edge()).withLabels(names.labels(COMPONENT)).endMetadata()
                .withNewSpec().withType("ClusterIP").withClusterIP("None").withSelector(names.selector(COMPONENT))
                .addNewPort().withName(CONTROL).withPort(CONTROL_PORT).withNewTargetPort(CONTROL).withProtocol("TCP").endPort()
                .endSpec()
                .build();
    }

    PodDisruptionBudget budget() {
        return Workloads.budget(names, COMPONENT);
    }

    /** Lead to the edge: web's, then streaming's. */
    List<Service> fronts() {
        return List.of(front(frontOfWeb(), WorkloadNames.WEB, MastodonProcesses.WEB_PORT, COMPONENT, USERS), front(frontOfStreaming(), WorkloadNames.STREAMING, MastodonProcesses.STREAMING_PORT, COMPONENT, USERS));
    }

    /** The same Services, leading to web and streaming themselves. */
    List<Service> handedOver() {
        return List.of(front(frontOfWeb(), WorkloadNames.WEB, MastodonProcesses.WEB_PORT, WorkloadNames.WEB, WebProcesses.PORT_NAME),
                front(frontOfStreaming(), WorkloadNames.STREAMING, MastodonProcesses.STREAMING_PORT, WorkloadNames.STREAMING, WebProcesses.PORT_NAME));
    }

    private Service front(String name, String of, int port, String behind, String targetPort) {
        return new ServiceBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(name).withLabels(names.labels(FRONT + of)).endMetadata()
                .withNewSpec()
                .withType("ClusterIP")
                .withSelector(names.selector(behind))
                .addNewPort().withName(WebProcesses.PORT_NAME).withPort(port).withNewTargetPort(targetPort).withProtocol("TCP").endPort()
                .endSpec()
                .build();
    }
}
