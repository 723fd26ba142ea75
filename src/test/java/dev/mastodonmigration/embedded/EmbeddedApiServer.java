package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigration;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The Kubernetes API of the demo and the tests: Fabric8's CRUD server on a loopback port over plain HTTP, so that other processes
 * reach it, made as strict as a real one by {@link ClusterLikeDispatcher}.
 */
public final class EmbeddedApiServer implements AutoCloseable {
    private final KubernetesMockServer server;
    private final ClusterLikeDispatcher dispatcher;
    private final KubernetesClient client;

    private EmbeddedApiServer(KubernetesMockServer server, ClusterLikeDispatcher dispatcher) {
        this.server = server;
        this.dispatcher = dispatcher;
        this.client = server.createClient();
    }

    /** With the CRD of this version. */
    public static EmbeddedApiServer start() {
        return start(ServedCrd.ofThisVersion());
    }

    /**
     * With the CRD of an older version.
     *
     * @param missing fields of the status that it does not know, such as {@code downtime.targetWritableAt}: they are pruned without a word
     */
    public static EmbeddedApiServer startWithOlderCrd(String... missing) {
        return start(ServedCrd.older(List.of(missing)));
    }

    private static EmbeddedApiServer start(ServedCrd crd) {
        var migrations = new CustomResourceDefinitionContext.Builder()
                .withGroup(MastodonMigration.GROUP).withVersion(MastodonMigration.VERSION).withKind(MastodonMigration.KIND)
                .withPlural(HasMetadata.getPlural(MastodonMigration.class)).withScope("Namespaced").withStatusSubresource(true).build();
        var dispatcher = new ClusterLikeDispatcher(List.of(migrations), crd);
        var server = new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), dispatcher, false);
        server.init(InetAddress.getLoopbackAddress(), 0);
        return new EmbeddedApiServer(server, dispatcher);
    }

    /** Base URL for other processes, without a slash at the end. */
    public String url() {
        return "http://127.0.0.1:" + server.getPort();
    }

    /** A client with every right; closed with the server. */
    public KubernetesClient client() {
        return client;
    }

    /** Called when a request was carried out and watchers were told, before its answer is sent: an answer may be slow. */
    public void beforeAnswering(BiConsumer<RecordedRequest, MockResponse> then) {
        dispatcher.beforeAnswering(then);
    }

    /** From here on nothing of this kind can be created, as under an admission webhook of somebody's: answered with 403. */
    public void refuse(String plural, String why) {
        dispatcher.admission().refuse(plural, why);
    }

    /** Ends what {@link #refuse} began. */
    public void admitAgain(String plural) {
        dispatcher.admission().admitAgain(plural);
    }

    /** Ends all watches and forgets what they were told: a watch that goes on from there is answered 410. */
    public void expireWatches() {
        dispatcher.expireWatches();
    }

    /** Environment that makes a Quarkus process use this server and no kubeconfig or service account of the machine. */
    public Map<String, String> environment(String namespace) {
        return Map.of(
                "QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL", url(),
                "QUARKUS_KUBERNETES_CLIENT_NAMESPACE", namespace,
                "QUARKUS_KUBERNETES_CLIENT_TRUST_CERTS", "false",
                "KUBERNETES_AUTH_TRYKUBECONFIG", "false",
                "KUBERNETES_AUTH_TRYSERVICEACCOUNT", "false",
                "KUBERNETES_TRYNAMESPACEPATH", "false",
                "KUBECONFIG", "/dev/null");
    }

    @Override
    public void close() {
        client.close();
        server.destroy();
    }
}
