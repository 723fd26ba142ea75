package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.edge.Entrance;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.proxy.EdgeClient;
import dev.mastodonmigration.itinerary.ImmutableFields;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.KeptSecret;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.api.model.APIResourceBuilder;
import io.fabric8.kubernetes.api.model.APIResourceListBuilder;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.IngressLoadBalancerIngressBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@EnableKubernetesMockClient(crud = true, https = false)
class EdgeEntranceTest {
    private static final String INGRESS = "example-social-front";
    private static final String PASSWORD = "changeit";
    /** Set by the extension. */
    KubernetesClient client;
    KubernetesMockServer server;
    private final MastodonMigration byIngress = with("{ingress: {className: nginx, tlsSecretName: example-tls, annotations: {example.net/proxy-body-size: 99m}}}");
    private final MastodonMigration byGateway = with("{gateway: {name: public, namespace: gateways, sectionName: https}}");
    private final WorkloadNames names = WorkloadNames.of(byIngress);

    private static MastodonMigration with(String edge) {
        return Example.migration("  strategy:", "  edge: " + edge + "\n  strategy:");
    }

    /** A new operator each time. */
    private EdgeFront front(MastodonMigration of) {
        var plan = new EdgeObjects(of, names, "operator:1", List.of());
        var objects = new OwnedObjects(client, names);
        return new EdgeFront(of, plan, objects, new EdgePods(objects, new KeptSecret(client, names.namespace(), plan.secret(), names.uid()), new EdgeClient()), (address, domain, path) -> Optional.empty(), EdgeEntranceTest::herokus);
    }

    private static Map<String, URI> herokus(List<String> domains) {
        if (domains.equals(List.of("example.social"))) {
            throw new MissingInputException("the source has no custom domain example.social");
        }
        return domains.stream().collect(Collectors.toMap(domain -> domain, domain -> URI.create("https://cname.herokudns.com"), (one, other) -> one, TreeMap::new));
    }

    private <T extends HasMetadata> T get(Class<T> kind, String name) {
        return client.resources(kind).inNamespace(names.namespace()).withName(name).get();
    }

    private void allPodsAreReady() {
        var deployment = get(Deployment.class, "example-social-edge");
        deployment.setStatus(new DeploymentStatusBuilder().withReplicas(2).withUpdatedReplicas(2).withReadyReplicas(2).withObservedGeneration(deployment.getMetadata().getGeneration()).build());
        client.resource(deployment).updateStatus();
    }

    @Test
    void anIngressLeadsEachPathAndDomainToItsService() {
        front(byIngress).ensure();
        var ingress = get(Ingress.class, INGRESS);
        assertThat(ingress.getMetadata().getAnnotations()).containsEntry("example.net/proxy-body-size", "99m");
        assertThat(ingress.getMetadata().getOwnerReferences()).as("it stays").isEmpty();
        assertThat(ingress.getSpec().getIngressClassName()).isEqualTo("nginx");
        assertThat(ingress.getSpec().getTls()).singleElement().satisfies(tls -> {
            assertThat(tls.getSecretName()).isEqualTo("example-tls");
            assertThat(tls.getHosts()).containsExactlyInAnyOrder("www.example.social", "streaming.example.social");
        });
        assertThat(ingress.getSpec().getRules().stream().flatMap(rule -> rule.getHttp().getPaths().stream()
                .map(path -> rule.getHost() + " " + path.getPathType() + " " + path.getPath() + " " + path.getBackend().getService().getName() + ":" + path.getBackend().getService().getPort().getNumber())))
                .containsExactly("www.example.social Prefix /api/v1/streaming example-social-front-streaming:4000", "www.example.social Prefix / example-social-front-web:3000",
                        "streaming.example.social Prefix / example-social-front-streaming:4000");
        assertThat(client.resources(HTTPRoute.class).inNamespace(names.namespace()).list().getItems()).isEmpty();
    }

    @Test
    void aLocalDomainThatMovesLeadsToWeb() {
        var more = "    moveLocalDomain: true\n    webDomain:";
        front(Example.migration("  strategy:", "  edge: {ingress: {tlsSecretName: example-tls}}\n  strategy:", "    webDomain:", more)).ensure();
        var ingress = get(Ingress.class, INGRESS);
        assertThat(ingress.getSpec().getTls().getFirst().getHosts()).containsExactly("www.example.social", "example.social", "streaming.example.social");
        assertThat(ingress.getSpec().getRules().stream().map(rule -> rule.getHost() + " " + rule.getHttp().getPaths().getLast().getBackend().getService().getName())).containsExactly("www.example.social example-social-front-web",
                "example.social example-social-front-web", "streaming.example.social example-social-front-streaming");
        front(Example.migration("  strategy:", "  edge: {gateway: {name: public}}\n  strategy:", "    webDomain:", more)).ensure();
        assertThat(get(HTTPRoute.class, "example-social-front-web").getSpec().getHostnames()).containsExactly("www.example.social", "example.social");
        assertThat(get(HTTPRoute.class, "example-social-front-streaming").getSpec().getHostnames()).containsExactly("streaming.example.social");
    }

    @Test
    void onceThereItIsNotWrittenAgainAndAnEditKeepsWhatItsControllerNeeds() {
        front(byIngress).ensure();
        var made = get(Ingress.class, INGRESS);
        front(byIngress).ensure();
        assertThat(get(Ingress.class, INGRESS).getMetadata().getResourceVersion()).isEqualTo(made.getMetadata().getResourceVersion());
        made.getMetadata().setFinalizers(List.of("controller.example.net/balancer"));
        made.getMetadata().getAnnotations().put("controller.example.net/id", "7");
        client.resource(made).update();
        front(with("{ingress: {className: nginx, tlsSecretName: renewed}}")).ensure();
        var edited = get(Ingress.class, INGRESS);
        assertThat(edited.getSpec().getTls().getFirst().getSecretName()).isEqualTo("renewed");
        assertThat(edited.getMetadata().getFinalizers()).containsExactly("controller.example.net/balancer");
        assertThat(edited.getMetadata().getAnnotations()).containsEntry("controller.example.net/id", "7");
    }

    @Test
    void itGoesWithAnAbortAndStaysWhenTheMigrationHasEnded() {
        front(byIngress).ensure();
        front(byIngress).handOver();
        assertThat(front(byIngress).handOver()).isInstanceOf(Provisioned.Ready.class);
        assertThat(get(Ingress.class, INGRESS)).isNotNull();
        assertThat(get(Service.class, "example-social-front-web").getSpec().getSelector()).isEqualTo(names.selector("web"));

        front(with("{}")).remove();
        assertThat(get(Ingress.class, INGRESS)).as("nobody ever chose one").isNotNull();
        assertThat(front(begun(byIngress)).remove()).as("also where somebody took it from the spec").isInstanceOf(Provisioned.Ready.class);
        assertThat(get(Ingress.class, INGRESS)).isNull();
        front(byGateway).ensure();
        front(begun(byGateway)).remove();
        assertThat(client.resources(HTTPRoute.class).inNamespace(names.namespace()).list().getItems()).isEmpty();
    }

    /** One that began so, and whose spec has lost it. */
    private static MastodonMigration begun(MastodonMigration with) {
        var without = with("{}");
        without.setStatus(new MastodonMigrationStatus());
        without.getStatus().internal.accepted = ImmutableFields.of(with.getSpec());
        return without;
    }

    @Test
    void stragglersAreAnsweredByTheSourceUntilNobodyComes() throws IOException {
        front(byIngress).ensure();
        var state = EdgeClient.state(new String(Base64.getDecoder().decode(get(Secret.class, "example-social-edge-state").getData().get("state")), StandardCharsets.UTF_8));
        try (var pod = new EdgePodStub("127.77.0.9", state)) {
            client.resource(EdgePodStub.pod(names, "edge-1", pod.address(), "True")).create();
            pod.arrivals = Map.of("www.example.social", 2000L);
            assertThat(front(byIngress).remove().message()).isEqualTo("users still come through the edge, for www.example.social (2 s ago); Ingress " + INGRESS + " is removed when nobody has come for 5 minutes");
            assertThat(get(Ingress.class, INGRESS)).isNotNull();
            assertThat(get(Deployment.class, "example-social-edge")).isNotNull();
            pod.arrivals = Map.of("www.example.social", 301_000L);
            front(byIngress).remove();
            assertThat(get(Ingress.class, INGRESS)).isNull();
        }
    }

    @Test
    void theClassThatTheClusterChoseStays() {
        var chosenByTheCluster = with("{ingress: {tlsSecretName: example-tls}}");
        front(chosenByTheCluster).ensure();
        var ingress = get(Ingress.class, INGRESS);
        assertThat(ingress.getSpec().getIngressClassName()).isNull();
        ingress.getSpec().setIngressClassName("default");
        client.resource(ingress).update();
        front(with("{ingress: {tlsSecretName: renewed}}")).ensure();
        assertThat(get(Ingress.class, INGRESS).getSpec().getTls().getFirst().getSecretName()).isEqualTo("renewed");
        assertThat(get(Ingress.class, INGRESS).getSpec().getIngressClassName()).isEqualTo("default");
    }

    @Test
    void twoWaysToNameAClassAreRefusedBeforeKubernetesRefusesThem() {
        assertThat(front(with("{ingress: {className: nginx, tlsSecretName: example-tls, annotations: {kubernetes.io/ingress.class: nginx}}}")).preflight().blockers()).singleElement().asString().contains("Remove the annotation");
    }

    @Test
    void oneThatIsNotOursIsNeitherChangedNorDeleted() {
        client.resource(new IngressBuilder().withNewMetadata().withNamespace(names.namespace()).withName(INGRESS).endMetadata().withNewSpec().withIngressClassName("theirs").endSpec().build()).create();
        assertThat(front(byIngress).preflight().blockers()).anyMatch(blocker -> blocker.startsWith("Ingress mastodon/" + INGRESS + " exists and was not made by this migration"));
        assertThatThrownBy(() -> front(byIngress).ensure()).isInstanceOf(ForeignObjectException.class);
        front(byIngress).remove();
        assertThat(get(Ingress.class, INGRESS).getSpec().getIngressClassName()).isEqualTo("theirs");
    }

    @Test
    void whatIsDeletedByHandIsToldAndPutBack() {
        front(byIngress).ensure();
        allPodsAreReady();
        assertThat(front(byIngress).unhealthy()).isEmpty();
        client.resource(get(Ingress.class, INGRESS)).delete();
        assertThat(front(byIngress).unhealthy()).hasValue("Ingress/" + INGRESS + " is gone");
        front(byIngress).ensure();
        assertThat(get(Ingress.class, INGRESS)).isNotNull();
    }

    @Test
    void whoMovesDnsByHandIsToldWhereItIsReached() {
        assertThat(front(byIngress).entrance("www.example.social")).isEqualTo("Ingress " + INGRESS);
        front(byIngress).ensure();
        var ingress = get(Ingress.class, INGRESS);
        client.resource(new IngressBuilder(ingress).withNewStatus().withNewLoadBalancer().addNewIngress().withIp("203.0.113.7").endIngress().addNewIngress().withHostname("lb.example.net").endIngress().endLoadBalancer().endStatus().build()).updateStatus();
        assertThat(front(byIngress).entrance("streaming.example.social")).isEqualTo("Ingress " + INGRESS + " (203.0.113.7, lb.example.net)");
        assertThat(front(byGateway).entrance("www.example.social")).isEqualTo("Gateway gateways/public");
    }

    @Test
    void whereUsersWillComeInIsKnownAsFarAsKubernetesKnowsIt() {
        assertThat(front(byIngress).entrance()).as("no edge yet").isEmpty();
        front(byIngress).ensure();
        assertThat(front(byIngress).entrance().orElseThrow()).satisfies(entrance -> {
            assertThat(entrance.name()).isEqualTo("Ingress " + INGRESS);
            assertThat(entrance.where()).as("its controller has not said").isEmpty();
            assertThat(List.of(entrance.web(), entrance.streaming())).containsExactly("www.example.social", "streaming.example.social");
            var token = new String(Base64.getDecoder().decode(get(Secret.class, "example-social-edge-state").getData().get("token")), StandardCharsets.UTF_8);
            assertThat(entrance.key()).isEqualTo(Entrance.key(token)).isNotEqualTo(token);
            assertThat(entrance.toString()).doesNotContain(entrance.key());
        });
        reachedBy("203.0.113.9", "203.0.113.7");
        assertThat(front(byIngress).entrance().orElseThrow().where()).as("in whatever order they are told").hasValue("203.0.113.7, 203.0.113.9");
        reachedBy("203.0.113.7", "lb.example.net");
        assertThat(front(byIngress).entrance().orElseThrow().addresses().values()).containsOnly(new FrontAddress.Named("lb.example.net", Optional.empty()));
        reachedBy("lb-b.example.net", "lb-a.example.net");
        assertThat(front(byIngress).entrance().orElseThrow().where()).hasValue("lb-a.example.net");
        reachedBy("lb-a.example.net", "lb-b.example.net");
        assertThat(front(byIngress).entrance().orElseThrow().where()).as("by the same of several names").hasValue("lb-a.example.net");
        assertThat(front(byIngress).entrance("www.example.social")).isEqualTo("Ingress " + INGRESS + " (lb-a.example.net, lb-b.example.net)");
        assertThat(front(byGateway).entrance().orElseThrow().where()).as("a Gateway may be in another namespace, and anywhere").isEmpty();
        assertThat(front(Example.migration("  strategy:", "  edge: {ingress: {tlsSecretName: example-tls}}\n  strategy:", "    compute:\n      kubernetes:", "    dns: {route53: {hostedZoneId: Z1, front: {dnsName: front.example.net}}}\n    compute:\n      kubernetes:"))
                .entrance().orElseThrow().where()).as("what the spec says").hasValue("front.example.net");
    }

    private void reachedBy(String... addresses) {
        var points = List.of(addresses).stream().map(address -> address.matches("[0-9.]+") ? new IngressLoadBalancerIngressBuilder().withIp(address).build() : new IngressLoadBalancerIngressBuilder().withHostname(address).build()).toList();
        client.resource(new IngressBuilder(get(Ingress.class, INGRESS)).withNewStatus().withNewLoadBalancer().withIngress(points).endLoadBalancer().endStatus().build()).updateStatus();
    }

    /** Made by the cloud for the Services themselves. */
    @Test
    void loadBalancersOfTheAdminsAreKnownWhereTheyEndTls() {
        var byTheAdmin = with("{}");
        front(byTheAdmin).ensure();
        balanced("example-social-front-web", 443, "203.0.113.7");
        assertThat(front(byTheAdmin).entrance().orElseThrow()).satisfies(entrance -> {
            assertThat(entrance.name()).isEqualTo("what you have in front of Service example-social-front-web");
            assertThat(entrance.where()).as("streaming's is not known").isEmpty();
        });
        balanced("example-social-front-streaming", 443, "203.0.113.8");
        assertThat(front(byTheAdmin).entrance().orElseThrow().where()).hasValue("203.0.113.8, 203.0.113.7");
        balanced("example-social-front-streaming", 4001, "203.0.113.8");
        assertThat(front(byTheAdmin).entrance().orElseThrow().where()).as("something else ends TLS").isEmpty();
    }

    private void balanced(String service, int port, String address) {
        var found = get(Service.class, service);
        client.resource(new ServiceBuilder(found).editSpec().withType("LoadBalancer").editMatchingPort(one -> true).withPort(port).endPort().endSpec()
                .withNewStatus().withNewLoadBalancer().addNewIngress().withIp(address).endIngress().endLoadBalancer().endStatus().build()).update();
        client.resource(new ServiceBuilder(get(Service.class, service)).withNewStatus().withNewLoadBalancer().addNewIngress().withIp(address).endIngress().endLoadBalancer().endStatus().build()).updateStatus();
    }

    @Test
    void aCertificateThatWouldNotDoIsFoundBeforeAnybodyIsLedThere(@TempDir Path directory) throws Exception {
        assertThat(front(byIngress).preflight().blockers()).containsExactly("spec.edge.ingress.tlsSecretName: Secret mastodon/example-tls does not exist. It has to hold a certificate for"
                + " www.example.social and streaming.example.social before DNS leads here: one that is obtained by DNS-01, or your own.");
        secret(Map.of("tls.crt", ""));
        assertThat(front(byIngress).preflight().blockers()).singleElement().asString().contains("has no tls.crt and tls.key");
        secret(certificate("bWlzdGFrZQ=="));
        assertThat(front(byIngress).preflight().blockers()).singleElement().asString().contains("has no valid certificate");
        secret(certificate(made(directory.resolve("web"), "dns:www.example.social", "-1H")));
        assertThat(front(byIngress).preflight().blockers()).singleElement().asString().contains("has a certificate for www.example.social, and not for streaming.example.social");
        secret(certificate(made(directory.resolve("old"), "dns:*.example.social", "-3d")));
        assertThat(front(byIngress).preflight().blockers()).singleElement().asString().contains("has no valid certificate (NotAfter");
        secret(certificate(made(directory.resolve("all"), "dns:*.example.social", "-1H")));
        assertThat(front(byIngress).preflight().blockers()).isEmpty();
        assertThat(front(byIngress).preflight().notes()).first().asString().contains("The operator makes Ingress " + INGRESS, "99 MB", "spec.edge.ingress.annotations");
    }

    private static Map<String, String> certificate(String base64) {
        return Map.of("tls.crt", base64, "tls.key", "a2V5");
    }

    private void secret(Map<String, String> data) {
        client.secrets().inNamespace(names.namespace()).withName("example-tls").delete();
        client.resource(new SecretBuilder().withNewMetadata().withNamespace(names.namespace()).withName("example-tls").endMetadata().withType("kubernetes.io/tls").withData(data).build()).create();
    }

    /** For two days. */
    private static String made(Path store, String names, String start) throws IOException, InterruptedException {
        keytool("-genkeypair", "-alias", "web", "-keyalg", "EC", "-dname", "CN=web", "-ext", "san=" + names, "-startdate", start, "-validity", "2", "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", PASSWORD);
        var pem = store.resolveSibling(store.getFileName() + ".pem");
        keytool("-exportcert", "-rfc", "-alias", "web", "-keystore", store.toString(), "-storepass", PASSWORD, "-file", pem.toString());
        return Base64.getEncoder().encodeToString(Files.readAllBytes(pem));
    }

    private static void keytool(String... words) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(words));
        assertThat(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor()).isZero();
    }

    @Test
    void withoutTheGatewayApiNothingIsTriedWithIt() {
        assertThat(front(byGateway).preflight().blockers()).singleElement().asString().startsWith("spec.edge.gateway: this cluster has no HTTPRoutes");
        server.expect().get().withPath("/apis/gateway.networking.k8s.io/v1").andReturn(200, new APIResourceListBuilder().withGroupVersion("gateway.networking.k8s.io/v1")
                .withResources(new APIResourceBuilder().withName("httproutes").withSingularName("httproute").withKind("HTTPRoute").withNamespaced(true).withVerbs("get").build()).build()).always();
        assertThat(front(byGateway).preflight().blockers()).isEmpty();
        assertThat(front(byGateway).preflight().notes()).first().asString().contains("routes of Gateway gateways/public");
    }

    @Test
    void routesLeadEachPathAndDomainToItsServiceAndAGatewayThatDoesNotTakeThemIsWaitedFor() {
        front(byGateway).ensure();
        var web = get(HTTPRoute.class, "example-social-front-web");
        assertThat(web.getSpec().getHostnames()).containsExactly("www.example.social");
        assertThat(web.getSpec().getParentRefs()).singleElement().satisfies(parent -> assertThat(parent.getGroup() + " " + parent.getKind() + " " + parent.getNamespace() + "/" + parent.getName() + " " + parent.getSectionName())
                .isEqualTo("gateway.networking.k8s.io Gateway gateways/public https"));
        assertThat(web.getSpec().getRules().stream().map(rule -> rule.getMatches().getFirst().getPath().getType() + " " + rule.getMatches().getFirst().getPath().getValue() + " " + rule.getBackendRefs().getFirst().getName()
                + ":" + rule.getBackendRefs().getFirst().getPort())).containsExactly("PathPrefix /api/v1/streaming example-social-front-streaming:4000", "PathPrefix / example-social-front-web:3000");
        assertThat(get(HTTPRoute.class, "example-social-front-streaming").getSpec().getHostnames()).containsExactly("streaming.example.social");

        allPodsAreReady();
        assertThat(front(byGateway).ensure().message()).startsWith("Gateway gateways/public does not take HTTPRoute example-social-front-web yet: no controller has looked at it.");
        answered("Accepted", "True", "Accepted", "");
        assertThat(front(byGateway).ensure()).isInstanceOf(Provisioned.Ready.class);
        assertThat(front(byGateway).unhealthy()).isEmpty();
        answered("PartiallyInvalid", "False", "Fine", "no rule was dropped");
        assertThat(front(byGateway).ensure()).as("false is good there").isInstanceOf(Provisioned.Ready.class);
        answered("Accepted", "False", "NotAllowedByListeners", "no listener allows this namespace");
        assertThat(front(byGateway).ensure().message()).isEqualTo("Gateway gateways/public does not take HTTPRoute example-social-front-web: Accepted is false, NotAllowedByListeners (no listener allows this namespace)");
        assertThat(front(byGateway).unhealthy().orElseThrow()).contains("NotAllowedByListeners");
        front(byGateway).hold();
        assertThat(front(byGateway).unhealthy()).as("whoever asks now is about to open").isEmpty();
    }

    private void answered(String type, String status, String reason, String message) {
        for (var name : List.of("example-social-front-web", "example-social-front-streaming")) {
            client.resource(new HTTPRouteBuilder(get(HTTPRoute.class, name)).withNewStatus().addNewParent().withControllerName("example.net/gateway").withNewParentRef().withName("public").endParentRef()
                    .withConditions(new ConditionBuilder().withType(type).withStatus(status).withReason(reason).withMessage(message).withLastTransitionTime("2026-11-30T10:00:00Z").build()).endParent().endStatus().build()).updateStatus();
        }
    }

    @Test
    void withRoute53ItsAddressIsNeeded() {
        var led = Example.migration("  strategy:", "  edge: {ingress: {tlsSecretName: example-tls}}\n  strategy:", "    compute:\n      kubernetes:", "    dns: {route53: {hostedZoneId: Z1}}\n    compute:\n      kubernetes:");
        assertThat(front(led).violations()).containsExactly("spec.target.dns.route53.front is required: where the world reaches Ingress " + INGRESS + ".");
    }
}
