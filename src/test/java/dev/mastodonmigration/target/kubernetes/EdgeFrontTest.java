package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.edge.DirectProbe;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.SideFigures;
import dev.mastodonmigration.edge.proxy.EdgeClient;
import dev.mastodonmigration.edge.proxy.EdgeCommand;
import dev.mastodonmigration.edge.proxy.EdgeReport;
import dev.mastodonmigration.edge.proxy.EdgeState;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.KeptSecret;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@EnableKubernetesMockClient(crud = true, https = false)
class EdgeFrontTest {
    private static final String FRONT = "    dns: {route53: {hostedZoneId: Z1, front: {dnsName: front.example.net}}}\n";
    private static final String SECRET = "example-social-edge-state";
    /** Set by the extension. */
    KubernetesClient client;
    private final MastodonMigration migration = Example.migration("  strategy:", "  edge: {hold: 12s}\n  strategy:");
    private final WorkloadNames names = WorkloadNames.of(migration);
    private final String subnet = "127." + ThreadLocalRandom.current().nextInt(10, 250) + "." + ThreadLocalRandom.current().nextInt(0, 250) + ".";
    private final List<EdgePodStub> pods = new ArrayList<>();
    private Optional<String> fault = Optional.empty();
    private final List<String> asked = new ArrayList<>();
    private long first;

    private void made() {
        front().ensure();
        first = state().generation();
    }

    @AfterEach
    void stop() {
        pods.forEach(EdgePodStub::close);
    }

    /** A new operator each time. */
    private EdgeFront front() {
        return front(migration);
    }

    private EdgeFront front(MastodonMigration of) {
        var plan = new EdgeObjects(of, names, "operator:1", List.of());
        return front(of, plan, domains -> {
            if (domains.equals(List.of("example.social"))) {
                throw new MissingInputException("the source has no custom domain example.social");
            }
            return herokus(domains);
        });
    }

    private EdgeFront servingAll(MastodonMigration of) {
        return front(of, new EdgeObjects(of, names, "operator:1", List.of()), EdgeFrontTest::herokus);
    }

    private static Map<String, URI> herokus(List<String> domains) {
        return domains.stream().collect(Collectors.toMap(domain -> domain, domain -> URI.create("https://cname.herokudns.com"), (one, other) -> one, TreeMap::new));
    }

    private EdgeFront front(MastodonMigration of, EdgeObjects plan, Function<List<String>, Map<String, URI>> source) {
        var objects = new OwnedObjects(client, names);
        return new EdgeFront(of, plan, objects, new EdgePods(objects, new KeptSecret(client, names.namespace(), plan.secret(), names.uid()), new EdgeClient()), (address, domain, path) -> {
            asked.add(address.words() + " " + domain + " " + path);
            return fault;
        }, source);
    }

    private EdgePodStub runningPod() throws IOException {
        var pod = new EdgePodStub(subnet + (2 + pods.size()), state());
        pods.add(pod);
        client.resource(EdgePodStub.pod(names, "edge-" + pods.size(), pod.address(), "True")).create();
        return pod;
    }

    private EdgeState state() {
        return EdgeClient.state(new String(Base64.getDecoder().decode(get(Secret.class, SECRET).getData().get("state")), StandardCharsets.UTF_8));
    }

    /** The state after so many changes. */
    private EdgeState state(Mode mode, int changes) {
        return new EdgeState(mode, first + changes);
    }

    private <T extends HasMetadata> T get(Class<T> kind, String name) {
        return client.resources(kind).inNamespace(names.namespace()).withName(name).get();
    }

    private Map<String, String> versions() {
        var versions = new TreeMap<String, String>();
        List.<Class<? extends HasMetadata>>of(Secret.class, Service.class, Deployment.class, PodDisruptionBudget.class).forEach(kind -> client.resources(kind).inNamespace(names.namespace()).list().getItems()
                .forEach(object -> versions.put(object.getKind() + "/" + object.getMetadata().getName(), object.getMetadata().getResourceVersion())));
        return versions;
    }

    private void ready(int pods) {
        var deployment = get(Deployment.class, "example-social-edge");
        deployment.setStatus(new DeploymentStatusBuilder().withReplicas(2).withUpdatedReplicas(2).withReadyReplicas(pods).withObservedGeneration(deployment.getMetadata().getGeneration()).build());
        client.resource(deployment).updateStatus();
    }

    @Test
    void allOfItIsMadeOnceAndIsReadyWhenItsPodsAre() {
        assertThat(front().ensure().message()).startsWith("waiting for example-social-edge: 0/2");
        var made = versions();
        assertThat(made).containsOnlyKeys("Secret/" + SECRET, "Service/example-social-edge", "Service/example-social-front-web", "Service/example-social-front-streaming", "Deployment/example-social-edge",
                "PodDisruptionBudget/example-social-edge");
        front().ensure();
        assertThat(versions()).isEqualTo(made);
        List.<Class<? extends HasMetadata>>of(Service.class, Deployment.class, PodDisruptionBudget.class).forEach(kind -> assertThat(get(kind, "example-social-edge").getMetadata().getAnnotations())
                .as("whatever Argo CD takes for its own by a label").containsEntry("argocd.argoproj.io/sync-options", "Prune=false"));
        ready(2);
        assertThat(front().ensure()).isInstanceOf(Provisioned.Ready.class);
        assertThat(state().mode()).isEqualTo(Mode.SOURCE);
    }

    /** The kubelet kills whoever has not ended by then. */
    @Test
    void itsPodsAreGivenAllTheTimeThatTheyTakeToEnd() {
        made();
        assertThat(EdgeCommand.longestEnd(Duration.ofSeconds(12))).isGreaterThanOrEqualTo(Duration.ofSeconds(12).plusMinutes(5));
        assertThat(get(Deployment.class, "example-social-edge").getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds()).isGreaterThan(EdgeCommand.longestEnd(Duration.ofSeconds(12)).toSeconds());
    }

    @Test
    void itsPodsKnowWhereEachSideIsByDomainAndPath() {
        made();
        var container = get(Deployment.class, "example-social-edge").getSpec().getTemplate().getSpec().getContainers().getFirst();
        var variables = container.getEnv().stream().filter(variable -> variable.getValue() != null).collect(Collectors.toMap(variable -> variable.getName(), variable -> variable.getValue()));
        assertThat(container.getArgs()).containsExactly("edge");
        assertThat(container.getImage()).isEqualTo("operator:1");
        assertThat(variables).containsEntry("EDGE_HOLD_SECONDS", "12").containsEntry("EDGE_PEERS", "example-social-edge.mastodon.svc");
        assertThat(variables.get("JAVA_TOOL_OPTIONS")).as("the image's command line has a percentage, which would win over one here").containsPattern("-Xmx\\d+m").doesNotContain("Percentage");
        assertThat(variables.get("EDGE_ROUTES")).isEqualTo("{\"source\":[{\"domain\":\"streaming.example.social\",\"prefix\":\"/\",\"upstream\":\"https://cname.herokudns.com\"},"
                + "{\"domain\":\"www.example.social\",\"prefix\":\"/\",\"upstream\":\"https://cname.herokudns.com\"}],"
                + "\"target\":[{\"domain\":\"www.example.social\",\"prefix\":\"/\",\"upstream\":\"http://example-social-web.mastodon.svc:3000\"},"
                + "{\"domain\":\"www.example.social\",\"prefix\":\"/api/v1/streaming\",\"upstream\":\"http://example-social-streaming.mastodon.svc:4000\"},"
                + "{\"domain\":\"streaming.example.social\",\"prefix\":\"/\",\"upstream\":\"http://example-social-streaming.mastodon.svc:4000\"}]}");
    }

    @Test
    void whatIsNotOursIsLeftAloneAndNothingIsMadeBesideIt() {
        client.resource(new ServiceBuilder().withNewMetadata().withName("example-social-front-web").withNamespace(names.namespace()).endMetadata().build()).create();
        var before = versions();
        assertThatThrownBy(() -> front().ensure()).isInstanceOf(ForeignObjectException.class).hasMessageContaining("Service mastodon/example-social-front-web exists and was not made by this migration");
        assertThat(front().preflight().blockers()).singleElement().asString().contains("example-social-front-web");
        assertThat(versions()).isEqualTo(before);
    }

    @Test
    void whereComputeAloneMovesRequestsHaveToWaitLonger() {
        assertThat(front().preflight().notes()).hasSize(2);
        var target = migration.getSpec().target();
        migration.setSpec(Specs.with(migration.getSpec().source(), new Target(null, null, target.compute(), null)));
        assertThat(front().preflight().notes()).hasSize(2).first().asString().contains("which then takes 30 s", "Set it to 45s");
    }

    @Test
    void holdIsReadyOnlyInALookThatFindsEveryPodHoldingAlready() throws IOException {
        made();
        var first = runningPod();
        var second = runningPod();
        assertThat(front().hold()).isInstanceOf(Provisioned.Working.class);
        assertThat(state()).isEqualTo(state(Mode.HOLD, 1));
        assertThat(first.told).containsExactly(state(Mode.HOLD, 1));
        assertThat(second.told).containsExactly(state(Mode.HOLD, 1));
        assertThat(first.token).startsWith("Bearer ").hasSizeGreaterThan(60);
        assertThat(front().hold()).isInstanceOf(Provisioned.Ready.class);
        assertThat(first.told).hasSize(1);

        var late = runningPod();
        late.state = state(Mode.SOURCE, 0);
        assertThat(front().hold()).isInstanceOf(Provisioned.Working.class);
        assertThat(late.told).containsExactly(state(Mode.HOLD, 1));
    }

    @Test
    void requestsUnderWayAreWaitedForAndNotLongerThanFiveSeconds() throws IOException {
        made();
        var pod = runningPod();
        front().hold();
        pod.underWay = 3;
        pod.stateMillis = 400;
        assertThat(front().hold().message()).isEqualTo("requests are held; 3 that came before are being answered");
        pod.stateMillis = 5000;
        assertThat(front().hold()).isInstanceOf(Provisioned.Ready.class);
    }

    @Test
    void aPodThatDoesNotAnswerIsWaitedForAndOneThatDoesNotListenIsNot() throws IOException {
        made();
        var pod = runningPod();
        front().hold();
        client.resource(EdgePodStub.pod(names, "edge-starting", subnet + "99", "False")).create();
        assertThat(front().hold()).isInstanceOf(Provisioned.Ready.class);
        client.resource(EdgePodStub.pod(names, "edge-cut-off", subnet + "98", "True")).create();
        assertThat(front().hold().message()).startsWith("waiting for the edge's pod edge-cut-off (nobody listens at ");
        client.pods().inNamespace(names.namespace()).withName("edge-cut-off").delete();
        pod.status = 401;
        assertThat(front().hold().message()).startsWith("waiting for the edge's pod edge-1 (it answers 401");
    }

    @Test
    void theTargetAnswersAfterHoldAloneAndAgainChangesNothing() throws IOException {
        made();
        var pod = runningPod();
        assertThat(front().letGo(Side.TARGET)).isInstanceOf(Provisioned.Working.class);
        assertThat(pod.told).containsExactly(state(Mode.HOLD, 1));
        assertThat(front().letGo(Side.TARGET)).isInstanceOf(Provisioned.Working.class);
        assertThat(front().letGo(Side.TARGET)).isInstanceOf(Provisioned.Ready.class);
        assertThat(pod.told).containsExactly(state(Mode.HOLD, 1), state(Mode.TARGET, 2));
        var before = versions();
        assertThat(front().letGo(Side.TARGET)).isInstanceOf(Provisioned.Ready.class);
        assertThat(versions()).isEqualTo(before);
    }

    @Test
    void beforeItWasMadeThereIsNothingToLetGoOrToBeIll() {
        assertThat(front().letGo(Side.SOURCE)).isInstanceOf(Provisioned.Ready.class);
        assertThat(front().unhealthy()).isEmpty();
        assertThat(front().handOver()).isInstanceOf(Provisioned.Ready.class);
        front().forget();
        assertThat(versions()).isEmpty();
    }

    @Test
    void aDeploymentThatSomebodyDeletedIsPutBackByWhoHolds() throws IOException {
        made();
        runningPod();
        client.resource(get(Deployment.class, "example-social-edge")).delete();
        assertThat(front().unhealthy()).hasValue("Deployment/example-social-edge is gone");
        front().hold();
        assertThat(get(Deployment.class, "example-social-edge")).isNotNull();
    }

    @Test
    void itIsIllWhileOneOfItsPodsDoesNotReachTheTarget() throws IOException {
        made();
        ready(2);
        runningPod();
        var apart = runningPod();
        assertThat(front().unhealthy()).isEmpty();
        apart.unreached = List.of("http://example-social-web.mastodon.svc:3000 (no answer within 3 s)");
        assertThat(front().unhealthy()).hasValueSatisfying(ill -> assertThat(ill).startsWith("pod edge-2 does not reach http://example-social-web.mastodon.svc:3000 (no answer within 3 s).").contains("NetworkPolicy"));
        assertThat(front().letGo(Side.SOURCE)).as("users are never kept from the source for it").isInstanceOf(Provisioned.Ready.class);
    }

    @Test
    void itIsIllWithoutAReadyPodAndWhereTheLoadBalancerInFrontOfItIsWhileTheSourceAnswers() throws IOException {
        var led = Example.migration("  strategy:", "  edge: {}\n  aws: {region: eu-central-1}\n  strategy:", "    compute:", "    dns: {route53: {hostedZoneId: Z1, front: {addresses: [203.0.113.7]}}}\n    compute:");
        front(led).ensure();
        assertThat(front(led).unhealthy().orElseThrow()).startsWith("no pod of Deployment example-social-edge is ready");
        ready(1);
        assertThat(front(led).unhealthy()).isEmpty();
        fault = Optional.of("203.0.113.7 has no valid certificate");
        assertThat(front(led).unhealthy()).isEqualTo(fault);
        runningPod();
        front(led).hold();
        assertThat(front(led).unhealthy()).isEmpty();
        pods.getFirst().status = 401;
        assertThat(front(led).unhealthy().orElseThrow()).startsWith("the edge's pod edge-1 (it answers 401").endsWith("Does a NetworkPolicy keep the operator from port 8081 of the edge's pods?");
    }

    @Test
    void handedOverItsServicesLeadToTheTargetBeforeItsPodsEndAndNothingElseStays() throws IOException {
        made();
        runningPod();
        assertThat(front().handOver().message()).isEqualTo("users are led to web and streaming themselves");
        assertThat(get(Deployment.class, "example-social-edge")).isNotNull();
        assertThat(front().handOver().message()).isEqualTo("the edge's pods answer their last requests: edge-1");
        var web = get(Service.class, "example-social-front-web").getSpec();
        assertThat(web.getSelector()).isEqualTo(names.selector("web"));
        assertThat(web.getPorts().getFirst().getTargetPort().getStrVal()).isEqualTo("http");
        assertThat(get(Service.class, "example-social-front-streaming").getSpec().getSelector()).isEqualTo(names.selector("streaming"));
        assertThat(get(Deployment.class, "example-social-edge")).isNull();
        assertThat(get(Secret.class, SECRET)).isNotNull();
        client.pods().inNamespace(names.namespace()).withName("edge-1").delete();
        assertThat(front().handOver()).isInstanceOf(Provisioned.Ready.class);
        assertThat(versions()).containsOnlyKeys("Service/example-social-front-web", "Service/example-social-front-streaming");
        assertThat(front().handOver()).isInstanceOf(Provisioned.Ready.class);
    }

    @Test
    void whoDeletesTheMigrationAfterTheCutoverKeepsAnInstanceThatIsReached() throws IOException {
        made();
        runningPod();
        var before = versions();
        front().forget();
        assertThat(versions()).as("users are served by the source").isEqualTo(before);
        Awaitility.await("let go").until(() -> front().letGo(Side.TARGET) instanceof Provisioned.Ready);
        front().forget();
        assertThat(versions()).containsOnlyKeys("Service/example-social-front-web", "Service/example-social-front-streaming");
        assertThat(get(Service.class, "example-social-front-web").getSpec().getSelector()).isEqualTo(names.selector("web"));
    }

    @Test
    void removedNothingOfItStays() {
        made();
        assertThat(front().remove()).isInstanceOf(Provisioned.Ready.class);
        assertThat(versions()).isEmpty();
        assertThat(front().remove()).isInstanceOf(Provisioned.Ready.class);
    }

    /** What the admin has in front of it would answer them with 404. */
    @Test
    void stragglersAreAnsweredByTheSourceUntilNobodyComesAndThenNothingIsPutBack() throws IOException {
        made();
        var pod = runningPod();
        pod.arrivals = Map.of("www.example.social", 2000L);
        assertThat(front().remove().message()).isEqualTo("users still come through the edge, for www.example.social (2 s ago); its pods, Service example-social-front-web and Service example-social-front-streaming are removed"
                + " when nobody has come for 5 minutes");
        assertThat(get(Deployment.class, "example-social-edge")).isNotNull();
        assertThat(get(Service.class, "example-social-front-web")).isNotNull();
        pod.arrivals = Map.of("www.example.social", 301_000L);
        assertThat(front().remove().message()).isEqualTo("the edge's pods answer their last requests: edge-1");
        assertThat(get(Service.class, "example-social-front-web")).isNull();
        pod.arrivals = Map.of("www.example.social", 1000L);
        assertThat(front().leftAlone(Duration.ofMinutes(5))).as("who goes asks that first, as often as this").isInstanceOf(Provisioned.Ready.class);
        assertThat(front().remove()).isInstanceOf(Provisioned.Working.class);
        assertThat(get(Deployment.class, "example-social-edge")).isNull();
        client.pods().inNamespace(names.namespace()).withName("edge-1").delete();
        assertThat(front().remove()).isInstanceOf(Provisioned.Ready.class);
        assertThat(versions()).isEmpty();
    }

    @Test
    void whoHasComeIsToldByThePodThatSawItLast() throws IOException {
        made();
        runningPod().arrivals = Map.of("www.example.social", 7000L);
        runningPod().arrivals = Map.of("www.example.social", 2000L, "streaming.example.social", 9000L);
        assertThat(front().lastRequests()).containsExactlyInAnyOrderEntriesOf(Map.of("www.example.social", Duration.ofSeconds(2), "streaming.example.social", Duration.ofSeconds(9)));
    }

    @Test
    void aSpecThatItCannotServeIsToldSo() {
        var machines = Example.migration("  strategy:", "  edge: {}\n  strategy:", "    compute:\n      kubernetes:", "    dns: {route53: {hostedZoneId: Z1}}\n    compute:\n      kubernetes:");
        assertThat(front(machines).violations()).singleElement().asString().contains("spec.target.dns.route53.front is required", "Service example-social-front-web");
        var without = Example.withoutCompute();
        without.setSpec(new MastodonMigrationSpec(without.getSpec().instance(), without.getSpec().source(), without.getSpec().target(), null,
                new MastodonMigrationSpec.Edge(null, null, null, null, null), null, null, null, null, null, null));
        assertThat(front(without).violations()).singleElement().asString().contains("spec.edge", "spec.target.compute.kubernetes");
    }

    @Test
    void aLocalDomainThatIsAnotherNameIsLedAlongWhereTheSpecSaysSoAndElsePreflightSaysWhatBecomesOfIt() throws IOException {
        assertThat(servingAll(migration).preflight().blockers()).as("left open").singleElement().asString().startsWith("The source takes requests for example.social as well").contains("Set spec.instance.moveLocalDomain to true", "or to false");
        var stays = servingAll(Example.migration("  strategy:", "  edge: {hold: 12s}\n  strategy:", "    webDomain:", "    moveLocalDomain: false\n    webDomain:")).preflight();
        assertThat(stays.blockers()).isEmpty();
        assertThat(stays.notes()).anySatisfy(note -> assertThat(note).startsWith("The source takes requests for example.social as well").contains("Lead it elsewhere before the cutover"));
        assertThat(front().preflight().blockers()).isEmpty();
        assertThat(front().preflight().notes()).anySatisfy(note -> assertThat(note).startsWith("The source takes no requests for example.social, so it is left where it leads"));

        var moved = Example.migration("  strategy:", "  edge: {hold: 12s}\n  strategy:", "    webDomain:", "    moveLocalDomain: true\n    webDomain:", "    compute:\n      kubernetes:", FRONT + "    compute:\n      kubernetes:");
        assertThat(front(moved).preflight().notes()).noneMatch(note -> note.contains("takes no requests") || note.contains("moveLocalDomain")).anySatisfy(note -> assertThat(note).contains("www.example.social and example.social and streaming.example.social to Service"));
        front(moved).ensure();
        var routes = get(Deployment.class, "example-social-edge").getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv().stream().filter(variable -> variable.getName().equals("EDGE_ROUTES")).findFirst().orElseThrow().getValue();
        assertThat(routes).contains("{\"domain\":\"example.social\",\"prefix\":\"/\",\"upstream\":\"https://cname.herokudns.com\"}", "{\"domain\":\"example.social\",\"prefix\":\"/\",\"upstream\":\"http://example-social-web.mastodon.svc:3000\"}");
        ready(1);
        runningPod();
        assertThat(front(moved).unhealthy()).isEmpty();
        assertThat(asked).contains("front.example.net example.social /health");
    }

    @Test
    void aDomainThatTheSourceDoesNotServeIsFoundByPreflight() {
        var plan = new EdgeObjects(migration, names, "operator:1", List.of());
        var unknown = front(migration, plan, domains -> {
            throw new MissingInputException("no such domain");
        });
        assertThat(unknown.preflight().blockers()).containsExactly("no such domain");
        var away = front(migration, plan, domains -> {
            throw new OutsideException("not now", true);
        });
        assertThatThrownBy(away::preflight).hasMessage("not now");
    }

    @Test
    void aSecretThatSomebodyDeletedLeavesNobodyHeldForEver() throws IOException {
        made();
        var old = runningPod();
        front().hold();
        var secret = get(Secret.class, SECRET);
        secret.getMetadata().setFinalizers(List.of());
        client.resource(client.resource(secret).update()).delete();
        var template = get(Deployment.class, "example-social-edge").getSpec().getTemplate();
        assertThat(front().unhealthy()).hasValue("Secret example-social-edge-state is gone");
        old.status = 401;
        assertThat(front().letGo(Side.SOURCE).message()).contains("edge-1 (it answers 401");
        assertThat(state().mode()).isEqualTo(Mode.SOURCE);
        assertThat(state().generation()).isGreaterThanOrEqualTo(first);
        assertThat(get(Deployment.class, "example-social-edge").getSpec().getTemplate()).as("its pods are replaced, because they know another token").isNotEqualTo(template);
        client.pods().inNamespace(names.namespace()).withName("edge-1").delete();
        runningPod();
        assertThat(front().letGo(Side.SOURCE)).isInstanceOf(Provisioned.Ready.class);
    }

    @Test
    void thatNobodyComesIsSaidOnlyWhenEveryPodHasSeenIt() throws IOException {
        made();
        assertThat(front().leftAlone(Duration.ofMinutes(5))).as("nobody ever came").isInstanceOf(Provisioned.Ready.class);
        var pod = runningPod();
        pod.arrivals = Map.of("www.example.social", 2000L);
        assertThat(front().leftAlone(Duration.ofMinutes(5)).message()).isEqualTo("users still come through the edge, for www.example.social (2 s ago)");
        pod.arrivals = Map.of();
        pod.upMillis = 10_000;
        assertThat(front().leftAlone(Duration.ofMinutes(5)).message()).contains("not known yet, because its pods have not run for 5 minutes");
        pod.status = 401;
        assertThat(front().leftAlone(Duration.ofMinutes(5)).message()).startsWith("waiting for the edge's pod edge-1");
        client.pods().inNamespace(names.namespace()).withName("edge-1").delete();
        assertThat(front().leftAlone(Duration.ofMinutes(5))).as("no pod runs").isInstanceOf(Provisioned.Working.class);
        runningPod();
        assertThat(front().leftAlone(Duration.ofMinutes(5))).isInstanceOf(Provisioned.Ready.class);
    }

    @Test
    void whatIsDeletedByHandIsPutBackAlsoWhereTheSourceCannotBeAsked() {
        made();
        client.resource(get(Service.class, "example-social-front-web")).delete();
        client.resource(get(Deployment.class, "example-social-edge")).delete();
        assertThat(front().unhealthy()).hasValue("Deployment/example-social-edge, Service/example-social-front-web is gone");
        front(migration, new EdgeObjects(migration, names, "operator:1", List.of()), domains -> {
            throw new OutsideException("the token was revoked", false);
        }).ensure();
        assertThat(get(Service.class, "example-social-front-web")).isNotNull();
        assertThat(get(Deployment.class, "example-social-edge").getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv()).anyMatch(variable -> String.valueOf(variable.getValue()).contains("https://cname.herokudns.com"));
    }

    @Test
    void aServiceThatTheAdminMadeALoadBalancerOfStaysOne() {
        made();
        var service = get(Service.class, "example-social-front-web");
        service.getSpec().setType("LoadBalancer");
        service.getSpec().getPorts().getFirst().setNodePort(31000);
        service.getMetadata().setFinalizers(List.of("service.kubernetes.io/load-balancer-cleanup"));
        client.resource(service).update();
        front().handOver();
        var after = get(Service.class, "example-social-front-web");
        assertThat(after.getSpec().getType()).isEqualTo("LoadBalancer");
        assertThat(after.getSpec().getPorts().getFirst().getNodePort()).isEqualTo(31000);
        assertThat(after.getMetadata().getFinalizers()).containsExactly("service.kubernetes.io/load-balancer-cleanup");
        assertThat(after.getSpec().getSelector()).isEqualTo(names.selector("web"));
    }

    @Test
    void theSourceIsAskedPastTheEdgeWhereThatPassesRequestsOn() {
        assertThat(front().probeSource().fault()).as("before it is made").hasValue("where the source takes requests over TLS is not known");
        made();
        assertThat(front().probeSource().fault()).isEmpty();
        assertThat(asked).containsExactly("cname.herokudns.com www.example.social /", "cname.herokudns.com www.example.social /api/v2/instance");
        fault = Optional.of("cname.herokudns.com answers \"HTTP/1.1 503\"");
        assertThat(front().probeSource().fault()).isEqualTo(fault);
        assertThat(asked).hasSize(3);
    }

    @Test
    void aSourceThatTakesItsTimeHoldsNobodyUp() {
        var never = new CountDownLatch(1);
        var late = SourceProbe.within(Duration.ofMillis(20), () -> {
            never.await();
            return new DirectProbe(Optional.empty(), 1);
        });
        assertThat(late.fault()).hasValue("the source, asked directly, did not answer within 20 ms");
        assertThat(SourceProbe.within(Duration.ofMinutes(1), () -> new DirectProbe(Optional.empty(), 7))).isEqualTo(new DirectProbe(Optional.empty(), 7));
    }

    @Test
    void whatItsPodsMeasuredIsToldOfAllOfThemTogether() throws IOException {
        assertThat(front().measured()).as("before it is made").isEmpty();
        made();
        assertThat(front().measured()).hasValueSatisfying(none -> assertThat(none.pods()).isZero());
        var figures = new SideFigures(List.of(0L, 290L, 0L, 5L, 4L), 1, 3, 20, 2, List.of(0L, 0L, 299L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 6000);
        var first = runningPod();
        first.measured = new EdgeReport.Measured(10, 4200, Map.of(), Map.of(Side.SOURCE, figures), 60_000, 0);
        var young = runningPod();
        young.measured = new EdgeReport.Measured(0, 100, Map.of(), Map.of(Side.SOURCE, figures, Side.TARGET, SideFigures.NONE), 10_000, 0);
        runningPod().measured = new EdgeReport.Measured(0, 0, Map.of(), Map.of(Side.SOURCE, figures), 0, 0);

        var measured = front().measured().orElseThrow();
        assertThat(measured.pods()).isEqualTo(3);
        assertThat(measured.state()).isEqualTo("Source");
        assertThat(measured.longestHeldMillis()).isEqualTo(4200);
        assertThat(measured.lately(Side.SOURCE)).isEqualTo(figures.plus(figures));
        assertThat(measured.requestsPerSecond()).containsEntry(Side.SOURCE, 35.0);

        front().hold();
        first.state = state(Mode.SOURCE, 0);
        assertThat(front().measured().orElseThrow().state()).as("while it changes").isEqualTo("Hold, Source");
    }

    @Test
    void aPodThatMissedHoldIsToldItBeforeTheTarget() throws IOException {
        made();
        var pod = runningPod();
        front().hold();
        front().hold();
        front().letGo(Side.TARGET);
        pod.state = state(Mode.SOURCE, 0);
        pod.told.clear();
        front().letGo(Side.TARGET);
        assertThat(pod.told).containsExactly(state(Mode.HOLD, 1), state(Mode.TARGET, 2));
    }

    @Test
    void whatIsNoRangeOfAddressesIsRefused() {
        assertThat(front(Example.migration("  strategy:", "  edge: {egressCidrs: [203.0.113.7/32, 203.0.113.700/32, '2001:db8::/129', '2001:db8::/64']}\n  strategy:")).violations()).containsExactly(
                "spec.edge.egressCidrs: 203.0.113.700/32 is no range of addresses. Write one as 203.0.113.7/32 or 2001:db8::/64.", "spec.edge.egressCidrs: 2001:db8::/129 is no range of addresses. Write one as 203.0.113.7/32 or 2001:db8::/64.");
    }

    @Test
    void aHoldThatNobodyWaitsForIsRefused() {
        assertThat(front(Example.migration("  strategy:", "  edge: {hold: 0s}\n  strategy:")).violations()).singleElement().asString().startsWith("spec.edge.hold must be between 1s and 60s");
        assertThat(front(Example.migration("  strategy:", "  edge: {hold: 2m}\n  strategy:")).violations()).hasSize(1);
    }

    @Test
    void aNamespaceThatIsDeletedWaitsForNothingOfIt() throws IOException {
        made();
        runningPod().arrivals = Map.of("www.example.social", 2000L);
        front().lastRequests();
        front().hold();
        client.resource(get(Deployment.class, "example-social-edge")).delete();
        client.pods().inNamespace(names.namespace()).delete();
        var deleted = Example.migration("  strategy:", "  edge: {hold: 12s}\n  strategy:");
        deleted.getMetadata().setDeletionTimestamp("2026-11-30T10:00:00Z");
        assertThat(front(deleted).letGo(Side.SOURCE)).isInstanceOf(Provisioned.Ready.class);
        assertThat(front(deleted).leftAlone(Duration.ofMinutes(5))).isInstanceOf(Provisioned.Ready.class);
        assertThat(front(deleted).remove()).isInstanceOf(Provisioned.Ready.class);
        assertThat(versions()).isEmpty();
        front(deleted).forget();
    }
}
